/**
 * The SDK for Node: what `usher/client` is there. All of the other one, and gRPC.
 *
 * @example
 * const usher = createUsher({ addresses: ['usher-1:50051', 'usher-2:50051'] });
 * const verdict = await usher.verify(req.headers.authorization, { scopes: ['orders.read'] });
 * if (!verdict.valid) res.statusCode = verdict.httpStatus;
 */

import { connectByGrpc } from './grpc-link.ts';
import type { Connect } from './links.ts';
import { createUsherOn, type Usher, type UsherLimits } from './usher.ts';
import { connectByFetch } from './web-link.ts';

export * from './index.ts';

/** How to reach Usher. */
export interface UsherOptions extends UsherLimits {
  /**
   * Of servers that share one store: "host:port", or "https://host:port" with TLS. The gRPC listeners
   * for 'grpc', the HTTP listeners for 'connect'.
   */
  addresses: readonly string[];
  /** 'grpc' by default; or a function that connects to an address by a transport of its own. */
  transport?: 'grpc' | 'connect' | Connect;
}

/** Makes a client, which watches for invalidations until it is closed. */
export function createUsher({ transport = 'grpc', ...options }: UsherOptions): Usher {
  const connects = { grpc: connectByGrpc, connect: connectByFetch };
  const connect = typeof transport === 'string' ? connects[transport] : transport;
  return createUsherOn({ ...options, connect });
}
