/** Caches the encoded form of messages that are sent more than once. */

import type { DescMessage, MessageShape, toJsonString } from '@bufbuild/protobuf';

/** Encodes a message whose bytes are not cached. */
export type Encode = <M extends DescMessage>(schema: M, message: MessageShape<M>) => Uint8Array;

/** A message in JSON and its length. */
export interface JsonText {
  /** The JSON. */
  text: string;
  /** In bytes of UTF-8. */
  length: number;
}

/** Messages that are sent more than once. */
const repeated = new WeakSet<object>();

/** Marks a message for caching. It must not change afterwards. */
export function cacheEncoded(message: object): void {
  repeated.add(message);
}

/** Length of a message's prefix, a flag and its length, in bytes. */
export const framePrefixBytes = 5;

/** The message as an uncompressed gRPC Length-Prefixed-Message (flag 0, length, bytes), cached. */
export const frameOf = cached((schema, message, encode: Encode) => framed(encode(schema, message)));

/** Encoded bytes as an uncompressed gRPC Length-Prefixed-Message. */
export function framed(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(framePrefixBytes + bytes.length);
  frame[0] = 0;
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, framePrefixBytes);
  return frame;
}

/**
 * The message in Protobuf's binary encoding, from the cache where it is there. A part of the frame,
 * so that a message has its bytes in memory once.
 */
export const bytesOf = cached((schema, message, encode: Encode) =>
  frameOf(schema, message, encode).subarray(framePrefixBytes),
);

/** The message in Protobuf's JSON format, from the cache where it is there. */
export const jsonOf = cached((schema, message, encode: typeof toJsonString): JsonText => {
  const text = encode(schema, message);
  return { text, length: Buffer.byteLength(text) };
});

/** An encoding with a cache of its own for the messages that are sent again. */
export function cached<E, T>(
  encodeNow: (schema: DescMessage, message: MessageShape<DescMessage>, encode: E) => T,
): <M extends DescMessage>(schema: M, message: MessageShape<M>, encode: E) => T {
  const known = new WeakMap<object, T>();
  return (schema, message, encode) => {
    const found = known.get(message);
    if (found !== undefined) return found;
    const encoded = encodeNow(schema, message, encode);
    if (repeated.has(message)) known.set(message, encoded);
    return encoded;
  };
}
