/** Limits of an HTTP listener. src/server/limits.ts sets the configured ones. */

import type { UnreadLimits } from '../rpc/unread.ts';

/** Limits of an HTTP listener. */
export interface HttpLimits {
  /** Most connections at once; more are dropped. */
  connectionsMax: number;
  /** Most connections of one source (an IPv4 address, an IPv6 /64) at once. */
  connectionsPerSourceMax: number;
  /** Bounds of answers that are not read. */
  unread: UnreadLimits;
  /** Most bytes of requests that are not answered yet, in the whole process. */
  requestBytesMax: number;
  /** Most bytes of the request line and headers together. */
  headerBytesMax: number;
  /** How long a request's headers may take, from the connection or the previous request. */
  headersMs: number;
  /** How long a whole request may take. */
  requestMs: number;
  /** Interval at which the two are checked; a request that is late then has as long once more. */
  checkMs: number;
  /** How long a connection may idle between requests. */
  connectionIdleMs: number;
  /** A connection is closed at this age ±10 %, so that callers reconnect and rebalance. */
  connectionAgeMs: number;
  /** A connection without any traffic is closed after this time. */
  silenceMs: number;
  /**
   * How long idle connections stay open when the listener stops: a request that is already on its
   * way is still answered, with "Connection: close".
   */
  stopIdleMs: number;
  /** How long a caller that a connection waits for may be silent while the listener stops. */
  stopSilenceMs: number;
  /** Longest request message after decompression. */
  receiveBytesMax: number;
  /** Longest form body. */
  formBytesMax: number;
  /** Longest response message. */
  sendBytesMax: number;
  /** Deadline of a unary rpc that sends none. */
  deadlineMs: number;
  /** Longest deadline of a unary rpc; a longer one is cut to this. */
  deadlineMsMax: number;
  /** How long a browser may cache a preflight response. */
  preflightSeconds: number;
}

/** Limits that no setting changes. */
export const fixedHttpLimits = {
  /** The limits of a request are exact to a second; a check of every connection costs little. */
  checkMs: 1000,
  /** A request on its way arrives within a quarter of a second or finds the connection closed. */
  stopIdleMs: 250,
  /** Long enough for a caller on the other side of the world. */
  stopSilenceMs: 1000,
  /** Browsers remember a preflight for two hours at most. */
  preflightSeconds: 7200,
} as const satisfies Partial<HttpLimits>;
