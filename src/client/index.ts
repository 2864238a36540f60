/**
 * The SDK for browsers and other runtimes with fetch: `@usher/client` outside of Node.
 *
 * @example
 * const usher = createUsher({ addresses: ['https://usher.example.com'] });
 * const verdict = await usher.verify(request.headers.get('authorization'), { scopes: ['orders.read'] });
 * if (verdict.valid) console.log(verdict.identity.owner);
 */

import type { Connect } from './links.ts';
import { createUsherOn, type Usher, type UsherLimits } from './usher.ts';
import { connectByFetch } from './web-link.ts';

export type { CallerToken } from './caller-token.ts';
export type { Connect, Link } from './links.ts';
export { connectAuth, identityKey } from './middleware/connect.ts';
export {
  expressAuth,
  type SourceOption,
  type WebRequest,
  type WebResponse,
} from './middleware/express.ts';
export {
  type FastifyReplyLike,
  type FastifyRequestLike,
  fastifyAuth,
  fastifyHello,
} from './middleware/fastify.ts';
export { type GrpcModule, grpcAuth } from './middleware/grpc.ts';
export { greeting, hello } from './middleware/hello.ts';
export { identityOf } from './middleware/identity.ts';
export type { TraceContext } from './trace-context.ts';
export { UsherUnavailable } from './unavailable.ts';
export type { Requirement, Usher, UsherLimits, VerifyOptions } from './usher.ts';
export type { Granted, Identity, Reason, Refused, Verdict } from './usher-verdict.ts';

/** How to reach Usher by fetch. */
export interface UsherOptions extends UsherLimits {
  /** Servers that share one store: "https://usher.example.com", or "host:port" without TLS. */
  addresses: readonly string[];
  /** 'connect' over fetch by default, or a function that creates another transport. */
  transport?: 'connect' | Connect;
}

/** Creates a client, which watches for invalidations until it is closed. */
export function createUsher({ transport = 'connect', ...options }: UsherOptions): Usher {
  const connect = transport === 'connect' ? connectByFetch : transport;
  return createUsherOn({ ...options, connect });
}
