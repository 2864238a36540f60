/** Limits of the gRPC listener. src/server/limits.ts sets the configured ones. */

import type { UnreadLimits } from './unread.ts';

/** Limits of the gRPC listener. */
export interface GrpcLimits {
  /** Most connections at once; more are dropped. */
  connectionsMax: number;
  /** Most connections of one source (an IPv4 address, an IPv6 /64) at once. */
  connectionsPerSourceMax: number;
  /** Bounds of answers that are not read. */
  unread: UnreadLimits;
  /** Most bytes of requests that are not answered yet, in the whole process. */
  requestBytesMax: number;
  /** How long a new connection may take to send the HTTP/2 preface (RFC 9113 section 3.4). */
  prefaceMs: number;
  /** The same once the listener stops, for connections that were just opened. */
  stopPrefaceMs: number;
  /** Most bytes of a request's head, counted as in RFC 9113 section 6.5.2. */
  headerBytesMax: number;
  /** Most headers of a request. */
  headerFieldsMax: number;
  /** Longest request message after decompression. */
  receiveBytesMax: number;
  /** Longest response message. */
  sendBytesMax: number;
  /** Most concurrent calls on one connection. */
  streamsPerConnectionMax: number;
  /** Most frames of a kind that cost more than they bring, in a second and on one connection. */
  framesPerSecondMax: number;
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
  /**
   * How long a peer may take for what takes it nothing: to end its side of a stream after the answer, to
   * learn of a GOAWAY, and to close the connection after the last frame.
   */
  lastWordMs: number;
}
