/** Reads the headers that find a request again, from the entries of Envoy's map. */

import { type Cursor, textOf } from './plain-wire.ts';

/** By the length of their names. Envoy writes names in lower case; another one is not read. */
const marks = new Map(
  ['traceparent', 'tracestate', 'x-request-id'].map(name => [
    name.length,
    { name, letters: Buffer.from(name) },
  ]),
);

/** Reads an entry, at whose end the cursor is, if it is one of those; false if it is no text. */
export function readMark(
  { bytes, at }: Cursor,
  { nameAt, nameEnd, valueAt }: { nameAt: number; nameEnd: number; valueAt: number },
  headers: Record<string, string>,
): boolean {
  const sought = marks.get(nameEnd - nameAt);
  if (sought === undefined || bytes[nameAt] !== sought.letters[0]) return true;
  if (sought.letters.compare(bytes, nameAt, nameEnd) !== 0) return true;
  const value = textOf(bytes, valueAt, at);
  if (value !== undefined) headers[sought.name] = value;
  return value !== undefined;
}
