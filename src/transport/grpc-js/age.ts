/** Closes connections at a certain age, so that callers reconnect and rebalance. */

import { constants, type ServerHttp2Session } from 'node:http2';
import { awakeTimeout } from '../../timing/awake.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';

/** Connections that were made at the same time are not closed at the same time. */
const jitter = 0.1;
/** "No stream is refused": the largest stream id (RFC 9113 section 6.8). */
const lastStreamId = 2 ** 31 - 1;
const debugData = Buffer.from('max_age');

/**
 * Sends GOAWAY at the connection's age ±10 %, and ends the calls that are still open after the
 * grace. grpc-js has the same, but after a stall of this process it ends them before it reads what
 * they sent meanwhile.
 */
export function closeWhenOld(
  session: ServerHttp2Session,
  { connectionAgeMs, connectionAgeGraceMs }: GrpcAges,
): void {
  const ownAgeMs = connectionAgeMs * (1 + jitter * (2 * Math.random() - 1));
  let timer = awakeTimeout(() => {
    // The first tells the caller, so that a call on its way is not refused by the second.
    session.goaway(constants.NGHTTP2_NO_ERROR, lastStreamId, debugData);
    session.close();
    timer = awakeTimeout(() => session.destroy(), connectionAgeGraceMs);
  }, ownAgeMs);
  session.once('close', () => timer.clear());
}

type GrpcAges = Pick<GrpcLimits, 'connectionAgeMs' | 'connectionAgeGraceMs'>;
