/** Every limit of an HTTP listener, and the defaults. The settings table overrides some of them. */

/** Limits of an HTTP listener. */
export interface HttpLimits {
  /** Most connections at once; more are dropped. */
  connectionsMax: number;
  /** Most bytes of the request line and headers together. */
  headerBytesMax: number;
  /** How long a request's headers may take, from the connection or the previous request. */
  headersMs: number;
  /** How long a whole request may take. */
  requestMs: number;
  /** Interval at which the two are checked. */
  checkMs: number;
  /** How long a connection may idle between requests; longer than load balancers keep one. */
  keepAliveMs: number;
  /**
   * A response closes its connection at this age ±10 %, so that callers reconnect and rebalance.
   */
  connectionAgeMs: number;
  /** A connection without any traffic is closed after this time. */
  silenceMs: number;
  /**
   * How long idle connections stay open when the listener stops: a request that is already on its
   * way is still answered, with "Connection: close".
   */
  stopIdleMs: number;
  /** Longest request message after decompression. */
  receiveBytesMax: number;
  /** Longest response message. */
  sendBytesMax: number;
  /** Deadline of a unary rpc that sends none. */
  deadlineMs: number;
  /** Longest deadline of a unary rpc; a longer one is cut to this. */
  deadlineMsMax: number;
  /** How long a browser may cache a preflight response. */
  preflightSeconds: number;
}

/** The limits of a deployment that sets none. */
export const defaultHttpLimits: HttpLimits = {
  connectionsMax: 10_000,
  headerBytesMax: 16_384,
  headersMs: 5_000,
  requestMs: 10_000,
  checkMs: 1_000,
  keepAliveMs: 65_000,
  connectionAgeMs: 1_800_000,
  silenceMs: 120_000,
  stopIdleMs: 250,
  receiveBytesMax: 65_536,
  sendBytesMax: 4_194_304,
  deadlineMs: 10_000,
  deadlineMsMax: 30_000,
  preflightSeconds: 7_200,
};
