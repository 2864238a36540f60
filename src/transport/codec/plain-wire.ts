/** Reads the wire format of Protobuf in place, as far as it is plain: undefined stands for what is not. */

import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/** Bytes, and how far they were read. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** Reads a message that ends at `end`; undefined where it is not plain. */
export type Read<T> = (cursor: Cursor, end: number) => T | undefined;

/** Wire types of Protobuf, those of plain messages. */
export const wireTypes = { varint: 0, lengthDelimited: 2 } as const;

/** The tag of a field as a plain message has it: in one byte. */
export function tagOf(
  { number }: { number: number },
  wireType: number = wireTypes.lengthDelimited,
) {
  if (number > 15) throw new Error(`field ${number} has a tag of two bytes`);
  return (number << 3) | wireType;
}

/** A string field after its tag. */
export function readText(cursor: Cursor, end: number): string | undefined {
  const ends = readEnd(cursor, end);
  if (ends === undefined) return undefined;
  const text = textOf(cursor.bytes, cursor.at, ends);
  cursor.at = ends;
  return text;
}

/** The text in some of the bytes. */
export function textOf(bytes: Buffer, at: number, ends: number): string | undefined {
  const text = bytes.toString('utf8', at, ends);
  // It stands for bytes that are not UTF-8, or for itself.
  return text.includes('\ufffd') ? undefined : text;
}

/** Where a length-delimited field ends, after its tag. */
export function readEnd(cursor: Cursor, end: number): number | undefined {
  const length = readVarint(cursor, end);
  return length < 0 || cursor.at + length > end ? undefined : cursor.at + length;
}

/** Seven bytes of seven bits each: what a number holds exactly. */
const varintBytesMax = 7;

/** A varint; -1 for one that is longer. */
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

/** The tags that fields of a message have where they are plain. */
export function plainTags({ fields }: DescMessage): ReadonlySet<number> {
  const isVarint = (field: DescField) =>
    field.fieldKind === 'scalar' && field.scalar === ScalarType.INT64;
  return new Set(
    fields
      .filter(({ number }) => number <= 15)
      .map(field => tagOf(field, isVarint(field) ? wireTypes.varint : wireTypes.lengthDelimited)),
  );
}

/** Goes past a field, after a tag that is plain, whatever is in it; false where it has no plain end. */
export function skip(cursor: Cursor, end: number, tag: number): boolean {
  if ((tag & 7) === wireTypes.lengthDelimited) {
    const ends = readEnd(cursor, end);
    if (ends === undefined) return false;
    cursor.at = ends;
    return true;
  }
  // Negative numbers have ten bytes.
  while (cursor.at < end && (cursor.bytes[cursor.at] as number) >= 0x80) cursor.at++;
  cursor.at += 1;
  return cursor.at <= end;
}
