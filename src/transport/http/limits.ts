/** Every bound of an HTTP listener, with its unit. Settings: config.ts. */

/** Limits of an HTTP listener. */
export interface HttpLimits {
  /** Most connections at once; more are dropped. */
  connectionsMax: number;
  /** Longest request line and headers together. */
  headerBytesMax: number;
  /** How long a request's headers may take, from the connection or the request before. */
  headersMs: number;
  /** How long a whole request may take. */
  requestMs: number;
  /** How often the two are checked. */
  checkMs: number;
  /** How long a connection may idle between requests: longer than load balancers reuse one. */
  keepAliveMs: number;
  /** Answers on a connection close it after this, give or take a tenth, so that callers spread anew. */
  connectionAgeMs: number;
  /** A connection on which nothing moves at all is closed after this. */
  silenceMs: number;
  /**
   * How long a connection that idles is kept when the listener stops: a request can be on its way, and
   * is answered with "Connection: close".
   */
  stopIdleMs: number;
  /** Longest request message, after decompression. */
  receiveBytesMax: number;
  /** Longest response message. */
  sendBytesMax: number;
  /** Deadline of a unary rpc that brings none. */
  deadlineMs: number;
  /** Longest deadline of a unary rpc: a longer one is cut to this. */
  deadlineMsMax: number;
  /** How long a browser may remember what a preflight allowed. */
  preflightSeconds: number;
}

/** What a deployment gets that sets nothing. */
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
