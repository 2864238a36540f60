/** Limits of an HTTP/2 connection. There are no others in this folder. */

import type { FieldListLimits } from './hpack/decoder.ts';

/** How often something may happen: some at once, and then so many a second. */
export interface Rate {
  /** How many at once. */
  burst: number;
  /** How many a second over time. */
  perSecond: number;
}

/** What costs this server more than its peer, or nothing gets done by it. */
export type Abuse =
  /** Streams that the peer opened and reset (CVE-2023-44487). */
  | 'resets'
  /** Streams that this server reset because the peer broke a rule (CVE-2025-8671). */
  | 'violations'
  | 'settings'
  | 'pings'
  | 'windowUpdates'
  /**
   * Frames that bring nothing: empty CONTINUATION, DATA but for padding, PRIORITY, unknown types, HEADERS
   * on a stream that this server reset.
   */
  | 'emptyFrames';

/** Limits of a connection. Times are in milliseconds. */
export interface H2Limits extends FieldListLimits {
  /** How long a new connection may take to send its preface (RFC 9113 section 3.4). */
  prefaceMs: number;
  /** The same for connections that must go away before it has come. */
  stopPrefaceMs: number;
  /** Most streams at once. */
  streamsMax: number;
  /** Longest block of fields as sent, in bytes. */
  headerBlockBytesMax: number;
  /** Most CONTINUATION frames of one block. */
  continuationsMax: number;
  /** Most bytes of one stream that wait for their handler. */
  streamWindowBytes: number;
  /** The same of all streams of a connection. */
  connectionWindowBytes: number;
  /** While more bytes than this wait for the peer to read them, nothing is read from it. */
  outputBytesMax: number;
  /**
   * How much work a connection has done before the others get their turn: `workOfFrame` for each of its
   * frames, and more for long ones.
   */
  workMax: number;
  /** A connection without streams is closed after this time. */
  idleMs: number;
  /** A connection is closed at this age ±10 %. */
  ageMs: number;
  /** How long its streams may go on after that. */
  ageGraceMs: number;
  /** Interval of the server's own PINGs. */
  keepaliveMs: number;
  /** A connection whose peer does not answer one within this time is closed. */
  keepaliveTimeoutMs: number;
  /** How long the peer has to learn of the first GOAWAY before the second names the last stream. */
  goAwayMs: number;
  /**
   * How long a peer that has answered the first GOAWAY may still open streams: it may have begun them before
   * it read that.
   */
  goAwaySlackMs: number;
  /** How long a peer that the connection waits for may be silent while the server stops. */
  stopSilenceMs: number;
  /** How long a peer may take to close the connection after its last frame was sent. */
  lingerMs: number;
  /** How often each kind of abuse may happen on a connection before it ends. */
  rates: Readonly<Record<Abuse, Rate>>;
}
