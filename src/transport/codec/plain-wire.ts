/**
 * Reads Protobuf's wire format in place, in its plain form only: one-byte tags, varints and
 * length-delimited fields. Functions return undefined for any other form, which is left to the
 * library.
 */

import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/** The bytes, and the offset of the next one to read. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** Reads a message that ends before offset `end`; undefined when it is not plain. */
export type Read<T> = (cursor: Cursor, end: number) => T | undefined;

/** The wire types that plain messages use (protobuf.dev, "Message Structure"). */
export const wireTypes = { varint: 0, lengthDelimited: 2 } as const;

/** The one-byte tag of a field; throws for a field number above 15, whose tag is longer. */
export function tagOf(
  { number }: { number: number },
  wireType: number = wireTypes.lengthDelimited,
) {
  if (number > 15) throw new Error(`field ${number} has a tag of two bytes`);
  return (number << 3) | wireType;
}

/** Reads a string field after its tag; undefined when it is cut short or not UTF-8. */
export function readText(cursor: Cursor, end: number): string | undefined {
  const ends = readEnd(cursor, end);
  if (ends === undefined) return undefined;
  const text = textOf(cursor.bytes, cursor.at, ends);
  cursor.at = ends;
  return text;
}

/** Decodes UTF-8 from offset `at` up to `ends`; undefined when it may be malformed. */
export function textOf(bytes: Buffer, at: number, ends: number): string | undefined {
  const text = bytes.toString('utf8', at, ends);
  // U+FFFD replaces bytes that are not UTF-8, but can also have been sent.
  return text.includes('\ufffd') ? undefined : text;
}

/** Reads a field's length; returns the offset of its end, or undefined beyond `end`. */
export function readEnd(cursor: Cursor, end: number): number | undefined {
  const length = readVarint(cursor, end);
  return length < 0 || cursor.at + length > end ? undefined : cursor.at + length;
}

/** Seven bytes hold 49 bits, which a number represents exactly; eight would exceed 2^53. */
const varintBytesMax = 7;

/** Reads a varint of at most seven bytes; -1 for one that is longer or cut short. */
export function readVarint(cursor: Cursor, end: number): number {
  let value = 0;
  let unit = 1;
  for (let n = 0; n < varintBytesMax && cursor.at < end; n++) {
    const byte = cursor.bytes[cursor.at++] as number;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
    unit *= 128;
  }
  return -1;
}

/** The one-byte tags of a message's fields, for fields up to number 15. */
export function plainTags({ fields }: DescMessage): ReadonlySet<number> {
  const isVarint = (field: DescField) =>
    field.fieldKind === 'scalar' && field.scalar === ScalarType.INT64;
  return new Set(
    fields
      .filter(({ number }) => number <= 15)
      .map(field => tagOf(field, isVarint(field) ? wireTypes.varint : wireTypes.lengthDelimited)),
  );
}

/** Skips a field after its tag; false when it does not end before `end`. */
export function skip(cursor: Cursor, end: number, tag: number): boolean {
  if ((tag & 7) === wireTypes.lengthDelimited) {
    const ends = readEnd(cursor, end);
    if (ends === undefined) return false;
    cursor.at = ends;
    return true;
  }
  // Not readVarint: negative numbers have ten bytes.
  while (cursor.at < end && (cursor.bytes[cursor.at] as number) >= 0x80) cursor.at++;
  cursor.at += 1;
  return cursor.at <= end;
}
