/** The limits of HTTP/2 for the gRPC port: each follows from a setting, or is fixed here. */

import type { H2Limits } from '../h2/limits.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';

/** Limits that no setting changes. */
const fixed = {
  /** Far more than any client sends; each of them costs 32 bytes of the list besides its text. */
  headerFieldsMax: 256,
  /** Frames of 16 KiB hold a block of the longest list; some clients send shorter ones. */
  continuationsMax: 8,
  /** The default of RFC 9113, which no client has to learn. */
  streamWindowBytes: 65_535,
  /** Sixteen streams can be full at a time. */
  connectionWindowBytes: 1_048_576,
  /** A caller on the other side of the world has answered a PING by then. */
  goAwayMs: 1000,
  /** As long as it takes to read what was sent last. */
  lingerMs: 1000,
} as const;

/** The limits of a connection. */
export function h2LimitsOf(limits: GrpcLimits): H2Limits {
  const { streamsPerConnectionMax: streamsMax, unread, headerBytesMax } = limits;
  return {
    ...fixed,
    headerListBytesMax: headerBytesMax,
    headerBlockBytesMax: headerBytesMax,
    prefaceMs: limits.prefaceMs,
    stopPrefaceMs: limits.stopPrefaceMs,
    streamsMax,
    outputBytesMax: Math.ceil(unread.connectionBytesMax / 8),
    idleMs: limits.connectionIdleMs,
    ageMs: limits.connectionAgeMs,
    ageGraceMs: limits.connectionAgeGraceMs,
    keepaliveMs: limits.keepaliveMs,
    keepaliveTimeoutMs: limits.keepaliveTimeoutMs,
    rates: {
      // Each stream that a connection may have, reset ten times a second: calls that time out in an
      // outage do not reach it, whose shortest usual deadline is 200 ms (Envoy's).
      resets: { burst: 10 * streamsMax, perSecond: 10 * streamsMax },
      violations: { burst: 100, perSecond: 10 },
      settings: { burst: 100, perSecond: 10 },
      // Besides those that sent content explains: keepalive takes one in ten seconds.
      pings: { burst: 100, perSecond: 10 },
      windowUpdates: { burst: 10 * streamsMax, perSecond: 10 * streamsMax },
      emptyFrames: { burst: 1000, perSecond: 100 },
    },
  };
}
