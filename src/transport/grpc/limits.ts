/**
 * Every limit of the gRPC listener, and the defaults. The settings table overrides some of them.
 */

/** Limits of the gRPC listener. */
export interface GrpcLimits {
  /** Most connections at once; more are dropped. */
  connectionsMax: number;
  /** How long a new connection may take to send the HTTP/2 preface (RFC 9113 section 3.4). */
  prefaceMs: number;
  /** The same once the listener stops, for connections that were just made. */
  stopPrefaceMs: number;
  /** Longest request message after decompression. */
  receiveBytesMax: number;
  /** Longest response message. */
  sendBytesMax: number;
  /** Most concurrent calls on one connection. */
  streamsPerConnectionMax: number;
  /** Most memory that HTTP/2 may hold for one connection, in megabytes. */
  connectionMemoryMbMax: number;
  /** A connection without calls is closed after this time. */
  connectionIdleMs: number;
  /** A connection is closed at this age ±10 %, so that callers reconnect and rebalance. */
  connectionAgeMs: number;
  /** How long its calls may continue after that. */
  connectionAgeGraceMs: number;
  /** Interval of keepalive pings. */
  keepaliveMs: number;
  /** A connection that does not answer a ping within this time is closed. */
  keepaliveTimeoutMs: number;
  /** Deadline of a unary call that sends none. */
  deadlineMs: number;
  /** Longest deadline of a unary call; a longer one is cut to this. */
  deadlineMsMax: number;
}

/** The limits of a deployment that sets none. */
export const defaultGrpcLimits: GrpcLimits = {
  connectionsMax: 10_000,
  prefaceMs: 5_000,
  stopPrefaceMs: 250,
  receiveBytesMax: 65_536,
  sendBytesMax: 4_194_304,
  streamsPerConnectionMax: 1_000,
  connectionMemoryMbMax: 64,
  connectionIdleMs: 300_000,
  connectionAgeMs: 1_800_000,
  connectionAgeGraceMs: 30_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  deadlineMs: 10_000,
  deadlineMsMax: 30_000,
};
