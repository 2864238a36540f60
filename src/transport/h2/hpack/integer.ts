/** Integers with a prefix (RFC 7541 section 5.1). */

import { compressionError } from './compression-error.ts';

/** Bytes, the offset of the next one to read, and where the block ends. */
export interface BlockCursor {
  bytes: Buffer;
  at: number;
  end: number;
}

/** Bytes after the prefix that an integer may have: four hold more than any length or index here. */
const continuedMax = 4;

/**
 * Reads an integer whose first byte holds its prefix in the bits of `prefix` (2^N - 1). Throws
 * ConnectionError for one that is cut short, or longer than this implementation takes.
 */
export function readInteger(cursor: BlockCursor, prefix: number): number {
  const { bytes, end } = cursor;
  if (cursor.at >= end) throw compressionError('an integer is cut short');
  let value = (bytes[cursor.at++] as number) & prefix;
  if (value < prefix) return value;
  for (let n = 0; n < continuedMax && cursor.at < end; n++) {
    const byte = bytes[cursor.at++] as number;
    value += (byte & 0x7f) << (7 * n);
    if (byte < 0x80) return value;
  }
  throw compressionError('an integer is cut short or too long');
}

/** Writes an integer behind the bits of `first`; returns the offset after it. */
export function writeInteger(
  bytes: Buffer,
  at: number,
  first: number,
  prefix: number,
  value: number,
): number {
  let next = at;
  if (value < prefix) {
    bytes[next++] = first | value;
    return next;
  }
  bytes[next++] = first | prefix;
  let rest = value - prefix;
  for (; rest >= 0x80; rest >>>= 7) bytes[next++] = (rest & 0x7f) | 0x80;
  bytes[next++] = rest;
  return next;
}
