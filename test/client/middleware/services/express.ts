/** A service on Express that requires tokens. */

import express from 'express';
import {
  expressAuth,
  hello,
  identityOf,
  type Usher,
  type WebRequest,
} from '../../../../src/client/node.ts';

/** Creates the service. */
export function expressService(usher: Usher) {
  const app = express();
  app.disable('x-powered-by');
  app.get('/', hello(usher));
  app.use(expressAuth(usher));
  app.get('/whoami', (req: WebRequest, res) => {
    // As in TypeScript, and as in JavaScript.
    res.json({ owner: req.identity === identityOf(req) && identityOf(req).owner });
  });
  app.get('/orders', expressAuth(usher, { scopes: ['orders.read'] }), (_req, res) => {
    res.json([]);
  });
  return app;
}
