/** Frames on the wire: their types, flags, error codes and the head of nine bytes (RFC 9113 section 4.1). */

/** Frame types (RFC 9113 section 6). */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags; what a bit means depends on the type of its frame (RFC 9113 section 6). */
export const flags = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Error codes (RFC 9113 section 7). */
export const errorCodes = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
  http11Required: 13,
} as const;

/** Bytes of a frame's head. */
export const frameHeadBytes = 9;
/** The longest payload before the peer allows more, and what this server allows (section 6.5.2). */
export const frameBytesDefault = 16_384;
/** The largest id of a stream (RFC 9113 section 5.1.1), and mask of the reserved bit beside it. */
export const streamIdMax = 0x7fff_ffff;

/** What a peer did wrong, by kind, for the log. */
export type H2Fault =
  | 'protocol'
  | 'flow-control'
  | 'stream-closed'
  | 'frame-size'
  | 'compression'
  | 'malformed-request'
  | 'header-list'
  | 'too-many-streams'
  | 'flood'
  | 'preface'
  /** It speaks TLS, to a port that does not. */
  | 'tls'
  | 'internal';

/** Ends the connection with GOAWAY (RFC 9113 section 5.4.1). Thrown and caught inside this folder. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** The error code of the GOAWAY frame. */
  readonly code: number;
  readonly fault: H2Fault;
  constructor(code: number, fault: H2Fault, message: string) {
    super(message);
    this.code = code;
    this.fault = fault;
  }
}

/** A violation that has no error code of its own. */
export function protocolError(message: string): ConnectionError {
  return new ConnectionError(errorCodes.protocolError, 'protocol', message);
}

/** A frame whose length its type does not allow (RFC 9113 section 4.2). */
export function frameSizeError(message: string): ConnectionError {
  return new ConnectionError(errorCodes.frameSizeError, 'frame-size', message);
}

/** Writes the head of a frame at an offset. */
export function writeHead(
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flag: number,
  streamId: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flag;
  writeUint32(bytes, at + 5, streamId);
}

/** Reads 32 bits; Buffer's own function checks what is known here. */
export function readUint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Writes 32 bits. */
export function writeUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
