/** Closes connections whose peer is gone without a word: it no longer answers HTTP/2 pings. */

import type { ServerHttp2Session } from 'node:http2';
import { type AwakeTimer, awakeTimeout } from '../../timing/awake.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';

/**
 * Pings the peer until the session is closed (RFC 9113 section 6.7). grpc-js has the same, but after
 * a stall of this process it closes all connections before it reads the answers to its pings.
 */
export function pingUntilClosed(
  session: ServerHttp2Session,
  { keepaliveMs, keepaliveTimeoutMs }: Pick<GrpcLimits, 'keepaliveMs' | 'keepaliveTimeoutMs'>,
): void {
  let timer: AwakeTimer;
  const ping = () => {
    timer = awakeTimeout(() => session.destroy(), keepaliveTimeoutMs);
    session.ping(error => {
      timer.clear();
      if (session.destroyed) return;
      if (error) session.destroy();
      else pingLater();
    });
  };
  const pingLater = () => {
    timer = awakeTimeout(ping, keepaliveMs);
  };
  pingLater();
  session.once('close', () => timer.clear());
}
