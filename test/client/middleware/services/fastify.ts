/** A service on Fastify that requires tokens. */

import fastify from 'fastify';
import {
  type FastifyRequestLike,
  fastifyAuth,
  fastifyHello,
  identityOf,
  type Usher,
} from '../../../../src/client/node.ts';

/** Creates the service. */
export function fastifyService(usher: Usher) {
  const app = fastify();
  app.addHook('onRequest', fastifyAuth(usher));
  app.get('/', fastifyHello());
  app.get('/whoami', async (request: FastifyRequestLike) => ({
    // As in TypeScript, and as in JavaScript.
    owner: request.identity === identityOf(request) && identityOf(request).owner,
  }));
  app.get(
    '/orders',
    { onRequest: fastifyAuth(usher, { scopes: ['orders.read'] }) },
    async () => [],
  );
  return app;
}
