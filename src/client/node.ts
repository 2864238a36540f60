/**
 * The SDK for Node: `usher/client` there. It adds gRPC to the SDK for browsers.
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

/** How to reach Usher from Node. */
export interface UsherOptions extends UsherLimits {
  /**
   * Servers that share one store: "host:port", or "https://host:port" with TLS. Their gRPC
   * listeners for 'grpc', their HTTP listeners for 'connect'.
   */
  addresses: readonly string[];
  /** 'grpc' by default, 'connect', or a function that creates another transport. */
  transport?: 'grpc' | 'connect' | Connect;
}

/** Creates a client, which watches for invalidations until it is closed. */
export function createUsher({ transport = 'grpc', ...options }: UsherOptions): Usher {
  const connects = { grpc: connectByGrpc, connect: connectByFetch };
  const connect = typeof transport === 'string' ? connects[transport] : transport;
  return createUsherOn({ ...options, connect });
}
