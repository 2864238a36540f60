/**
 * The SDK for Node: `@usher/client` there. It adds gRPC to the SDK for browsers.
 *
 * @example
 * const usher = createUsher({ addresses: ['usher-1:50051', 'usher-2:50051'] });
 * const verdict = await usher.verify(req.headers.authorization, { scopes: ['orders.read'] });
 * if (!verdict.valid) res.statusCode = verdict.httpStatus;
 */

import { connectByGrpc } from './grpc-link.ts';
import { connectByHttps } from './https-link.ts';
import type { Connect } from './links.ts';
import { checkTls, type TlsSource } from './tls-connect.ts';
import { createUsherOn, type Usher, type UsherLimits } from './usher.ts';
import { connectByFetch } from './web-link.ts';

export * from './index.ts';
export type { TlsOptions, TlsSource } from './tls-connect.ts';

/** How to reach Usher from Node. */
export interface UsherOptions extends UsherLimits {
  /**
   * Servers that share one store: "host:port", or "https://host:port" with TLS. Their gRPC
   * listeners for 'grpc', their HTTP listeners for 'connect'.
   */
  addresses: readonly string[];
  /** 'grpc' by default, 'connect', or a function that creates another transport. */
  transport?: 'grpc' | 'connect' | Connect;
  /**
   * For addresses with https://: an authority, and a client certificate with its key. A function is
   * called for each new connection, so that a certificate that was renewed is used.
   */
  tls?: TlsSource;
}

/**
 * Creates a client, which watches for invalidations until it is closed. Throws TypeError for an option
 * that is wrong.
 */
export function createUsher({ transport = 'grpc', tls, ...options }: UsherOptions): Usher {
  if (tls !== undefined) {
    if (typeof transport === 'function') {
      throw new TypeError('tls is for the transports grpc and connect; give it to your own');
    }
    checkTls(tls, options.addresses);
  }
  const connects: Record<'grpc' | 'connect', Connect> = {
    grpc: address => connectByGrpc(address, tls),
    connect: address =>
      tls === undefined ? connectByFetch(address) : connectByHttps(address, tls),
  };
  const connect = typeof transport === 'string' ? connects[transport] : transport;
  return createUsherOn({ ...options, connect });
}
