/** The caller of a request that a middleware let pass. */

import type { Identity } from '../usher-verdict.ts';

/** By the request of Express or Fastify, or the metadata of a grpc-js call. */
const identities = new WeakMap<object, Identity>();

/** Notes the caller of a request; undefined for none. */
export function setIdentity(key: object, identity: Identity | undefined): void {
  if (identity === undefined) identities.delete(key);
  else identities.set(key, identity);
}

/**
 * The caller, in a handler behind `expressAuth`, `fastifyAuth` or `grpcAuth`; `request` is what the handler
 * got. Throws Error when none of these let the request pass.
 *
 * @example
 * app.get('/whoami', (req, res) => {
 *   res.json({ owner: identityOf(req).owner });
 * });
 */
export function identityOf(request: object): Identity {
  const metadata = 'metadata' in request ? request.metadata : undefined;
  const isObject = typeof metadata === 'object' && metadata !== null;
  const identity = identities.get(request) ?? (isObject ? identities.get(metadata) : undefined);
  if (identity !== undefined) return identity;
  throw new Error('the request has no identity: no middleware of @usher/client let it pass');
}
