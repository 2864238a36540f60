/**
 * Encodes fields without a dynamic table (RFC 7541 section 6): the bytes then mean the same on every
 * connection, so an answer is encoded once for all of them.
 */

import { encodeHuffman, huffmanLength } from './huffman.ts';
import { writeInteger } from './integer.ts';
import { staticIndices } from './static-table.ts';

/**
 * A name in lower case and a value, one character per byte; `true` keeps a secret out of the tables of
 * proxies (RFC 7541 section 7.1.3).
 */
export type PlainField = readonly [name: string, value: string, isSecret?: boolean];

/** The first bits of the forms of a field (RFC 7541 section 6). */
const indexed = 0x80;
const withoutIndexing = 0x00;
const neverIndexed = 0x10;
/** Bytes of the longest integer here. */
const integerBytes = 5;

/** Announces a dynamic table of no bytes (RFC 7541 section 6.3), which no later block enlarges. */
export const emptyTable = Buffer.of(0x20);

/** The fields as a block. */
export function encodeFields(fields: readonly PlainField[]): Buffer {
  let longest = 0;
  for (const [name, value] of fields) longest += name.length + value.length + 3 * integerBytes;
  const bytes = Buffer.allocUnsafeSlow(longest);
  let at = 0;
  for (const field of fields) at = writeField(bytes, at, field);
  return bytes.subarray(0, at);
}

function writeField(bytes: Buffer, at: number, [name, value, isSecret]: PlainField): number {
  const known = staticIndices.get(name);
  const whole = isSecret ? undefined : known?.values.get(value);
  if (whole !== undefined) return writeInteger(bytes, at, indexed, 0x7f, whole);
  const form = isSecret ? neverIndexed : withoutIndexing;
  let next = writeInteger(bytes, at, form, 0x0f, known?.name ?? 0);
  if (known === undefined) next = writeText(bytes, next, name);
  return writeText(bytes, next, value);
}

/** Writes a string, in the shorter of its two forms (5.2). */
function writeText(bytes: Buffer, at: number, text: string): number {
  const length = huffmanLength(text);
  if (length < text.length) {
    return encodeHuffman(text, bytes, writeInteger(bytes, at, 0x80, 0x7f, length));
  }
  const start = writeInteger(bytes, at, 0, 0x7f, text.length);
  return start + bytes.write(text, start, 'latin1');
}
