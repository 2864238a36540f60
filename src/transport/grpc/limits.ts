/** Every bound of the gRPC listener, with its unit. What is configured: src/server/limits.ts. */

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
  /** How long a stream may stay that its caller keeps half open after the answer. */
  halfOpenMs: number;
}

/** Bounds that no deployment sets. */
export const fixedGrpcLimits = {
  /** A preface on its way arrives within a quarter of a second or is given up. */
  stopPrefaceMs: 250,
  /** Above what a thousand calls of the usual size need; a flood of frames is cut off there. */
  connectionMemoryMbMax: 64,
  /** Below the idle time of every usual NAT and load balancer, which is 60 s and more. */
  keepaliveMs: 30_000,
  /** Long enough for a caller whose process pauses. */
  keepaliveTimeoutMs: 10_000,
  /** A caller that follows RFC 9113 ends its side at once. */
  halfOpenMs: 1000,
} as const satisfies Partial<GrpcLimits>;
