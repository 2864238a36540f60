/** Every bound of the gRPC listener, with its unit. Settings: config.ts. */

/** Limits of the gRPC listener. */
export interface GrpcLimits {
  /** Most connections at once; more are dropped. */
  connectionsMax: number;
  /** How long a new connection may take to send the HTTP/2 preface. */
  prefaceMs: number;
  /** How long it may still take when the listener stops: it can have been made just before. */
  stopPrefaceMs: number;
  /** Longest request message, after decompression. */
  receiveBytesMax: number;
  /** Longest response message. */
  sendBytesMax: number;
  /** Most calls at once on one connection. */
  streamsPerConnectionMax: number;
  /** Most memory that HTTP/2 may hold for one connection, in megabytes. */
  connectionMemoryMbMax: number;
  /** A connection without calls is closed after this. */
  connectionIdleMs: number;
  /** A connection is closed after this, give or take a tenth, so that callers spread anew. */
  connectionAgeMs: number;
  /** How long calls may go on after that. */
  connectionAgeGraceMs: number;
  /** How often a connection is probed. */
  keepaliveMs: number;
  /** How long the answer to a probe may take. */
  keepaliveTimeoutMs: number;
  /** Deadline of a unary call that brings none. */
  deadlineMs: number;
  /** Longest deadline of a unary call: a longer one is cut to this. */
  deadlineMsMax: number;
}

/** What a deployment gets that sets nothing. */
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
