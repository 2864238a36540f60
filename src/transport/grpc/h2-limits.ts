/** The limits of HTTP/2 for the gRPC port: each follows from a setting, or from a default of RFC 9113. */

import { frameBytesDefault } from '../h2/frame.ts';
import type { H2Limits } from '../h2/limits.ts';
import { windowBytesDefault } from '../h2/window.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';

/** The limits of a connection; docs/running.md tells the rules. */
export function h2LimitsOf(limits: GrpcLimits): H2Limits {
  const { streamsPerConnectionMax: streamsMax, headerBytesMax, lastWordMs, unread } = limits;
  const few = { burst: 10 * limits.framesPerSecondMax, perSecond: limits.framesPerSecondMax };
  // Each stream that a connection may have, ten times a second: calls that time out in an outage do
  // not reach it, whose shortest usual deadline is 200 ms (Envoy's).
  const streams = { burst: 10 * streamsMax, perSecond: 10 * streamsMax };
  return {
    headerListBytesMax: headerBytesMax,
    headerBlockBytesMax: headerBytesMax,
    headerFieldsMax: limits.headerFieldsMax,
    // Twice as many as the longest block fills, and two: some clients send shorter ones.
    continuationsMax: 2 + 2 * Math.ceil(headerBytesMax / frameBytesDefault),
    prefaceMs: limits.prefaceMs,
    stopPrefaceMs: limits.stopPrefaceMs,
    streamsMax,
    streamWindowBytes: windowBytesDefault,
    // Sixteen streams can be full at a time.
    connectionWindowBytes: 16 * windowBytesDefault,
    // Some two hundred calls, which take less than a millisecond. Half of it made batches of 64 questions
    // dearer by a third: with it, reads of 64 KiB are cut.
    workMax: 131_072,
    outputBytesMax: Math.ceil(unread.connectionBytesMax / 8),
    idleMs: limits.connectionIdleMs,
    ageMs: limits.connectionAgeMs,
    ageGraceMs: limits.connectionAgeGraceMs,
    goAwayMs: lastWordMs,
    goAwaySlackMs: limits.stopPrefaceMs,
    stopSilenceMs: lastWordMs,
    lingerMs: lastWordMs,
    keepaliveMs: limits.keepaliveMs,
    keepaliveTimeoutMs: limits.keepaliveTimeoutMs,
    rates: {
      resets: streams,
      windowUpdates: streams,
      violations: few,
      settings: few,
      // Besides those that sent content explains: keepalive takes one in ten seconds.
      pings: few,
      emptyFrames: { burst: 10 * few.burst, perSecond: 10 * few.perSecond },
    },
  };
}
