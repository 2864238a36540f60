/** Caches the encoded form of messages that are sent more than once. */

import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { attached } from '../../caching/attached.ts';

/** Encodes a message whose bytes are not cached, in pieces, the first behind `freeBytes` bytes. */
export type Encode = <M extends DescMessage>(
  schema: M,
  message: MessageShape<M>,
  freeBytes?: number,
) => Uint8Array[];

/** Writes a message as JSON that is not cached. */
export type EncodeJson = <M extends DescMessage>(schema: M, message: MessageShape<M>) => string;

/** A message in JSON and its length. */
export interface JsonText {
  /** The JSON. */
  text: string;
  /** In bytes of UTF-8. */
  length: number;
}

/** Messages that are sent more than once. */
const repeated = attached<object, true>();

/** Marks a message for caching. It must not change afterwards. */
export function cacheEncoded(message: object): void {
  repeated.set(message, true);
}

/** Length of a message's prefix, a flag and its length, in bytes. */
export const framePrefixBytes = 5;

/**
 * The message as an uncompressed gRPC Length-Prefixed-Message (flag 0, length, bytes), in pieces
 * that follow each other.
 */
export function framed<M extends DescMessage>(
  schema: M,
  message: MessageShape<M>,
  encode: Encode,
): readonly Buffer[] {
  const pieces = encode(schema, message, framePrefixBytes).map(asBuffer);
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  pieces[0]?.writeUInt32BE(bytes - framePrefixBytes, 1);
  return pieces;
}

/** The same, cached. */
export const framesOf = cached((schema, message, encode: Encode) =>
  framed(schema, message, encode),
);

/**
 * The message in Protobuf's binary encoding, in pieces that follow each other, from the cache where
 * it is there. Parts of the frame, so that a message has its bytes in memory once.
 */
export const piecesOf = cached((schema, message, encode: Encode): readonly Buffer[] => {
  const [first, ...others] = framesOf(schema, message, encode);
  return first === undefined ? [] : [first.subarray(framePrefixBytes), ...others];
});

/** The same as one piece. */
export const bytesOf = cached((schema, message, encode: Encode) => {
  const pieces = piecesOf(schema, message, encode);
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
});

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** The message in Protobuf's JSON format, from the cache where it is there. */
export const jsonOf = cached((schema, message, encode: EncodeJson): JsonText => {
  const text = encode(schema, message);
  return { text, length: Buffer.byteLength(text) };
});

/** An encoding with a cache of its own for the messages that are sent again. */
export function cached<E, T>(
  encodeNow: (schema: DescMessage, message: MessageShape<DescMessage>, encode: E) => T,
): <M extends DescMessage>(schema: M, message: MessageShape<M>, encode: E) => T {
  const known = attached<object, T>();
  return (schema, message, encode) => {
    const found = known.get(message);
    if (found !== undefined) return found;
    const encoded = encodeNow(schema, message, encode);
    if (repeated.get(message)) known.set(message, encoded);
    return encoded;
  };
}
