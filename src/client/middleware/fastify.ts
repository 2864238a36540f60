/** The hook and the greeting for Fastify. */

import { UsherUnavailable } from '../unavailable.ts';
import type { Requirement, Usher } from '../usher.ts';
import type { Identity } from '../usher-verdict.ts';
import { authorizationOf, type SourceOption, type WebRequest } from './express.ts';
import { greeting } from './hello.ts';
import { setIdentity } from './identity.ts';
import { type Refusal, refusalOf, unknownRefusal } from './refusal.ts';

/** The used part of Fastify's request. */
export interface FastifyRequestLike {
  /** Node's request. */
  raw: WebRequest;
  /** The client's address, which Fastify finds by its option `trustProxy`. */
  ip?: string | undefined;
  /** The caller; set by the hook. */
  identity?: Identity;
}

/** The used part of Fastify's reply. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
}

/**
 * Lets requests with a valid token pass, and sets `request.identity`, which TypeScript gets by
 * `identityOf(request)`. Answers others with the
 * verdict's status, and with 503 when there is no verdict.
 *
 * @example
 * app.addHook('onRequest', fastifyAuth(usher));
 * app.get('/orders', { onRequest: fastifyAuth(usher, { scopes: ['orders.read'] }) }, handler);
 */
export function fastifyAuth(
  usher: Usher,
  requirement: Requirement = {},
  { source = ({ ip }) => ip }: SourceOption<FastifyRequestLike> = {},
) {
  return async (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown> => {
    const header = authorizationOf(request.raw);
    try {
      const verdict = await usher.verify(header, { ...requirement, source: source(request) });
      if (!verdict.valid) return refuse(reply, refusalOf(verdict, header));
      request.identity = verdict.identity;
      setIdentity(request, verdict.identity);
      return undefined;
    } catch (error) {
      if (error instanceof UsherUnavailable) return refuse(reply, unknownRefusal());
      throw error;
    }
  };
}

/**
 * Answers with the greeting of Usher's root path, behind the hook.
 *
 * @example
 * app.get('/', { onRequest: fastifyAuth(usher) }, fastifyHello());
 */
export function fastifyHello(now: () => number = Date.now) {
  return async (_request: unknown, reply: FastifyReplyLike): Promise<unknown> => {
    reply.headers({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    return reply.send(JSON.stringify(greeting(now())));
  };
}

/** Answers a refusal; returning the reply tells Fastify that the hook has answered. */
function refuse(reply: FastifyReplyLike, { status, headers, body }: Refusal): unknown {
  reply.code(status);
  reply.headers(headers);
  reply.send(body);
  return reply;
}
