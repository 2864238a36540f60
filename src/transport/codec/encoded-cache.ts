/** Caches the encoded form of messages that are sent more than once. */

import { type DescMessage, type MessageShape, toJsonString } from '@bufbuild/protobuf';

/** Encodes a message whose bytes are not cached. */
export type Encode = <M extends DescMessage>(schema: M, message: MessageShape<M>) => Uint8Array;

/** Messages to cache; the bytes are undefined until a message is first encoded. */
const kept = new WeakMap<object, Buffer | undefined>();

/** Marks a message for caching. It must not change afterwards. */
export function cacheEncoded(message: object): void {
  kept.set(message, undefined);
}

/** The message in Protobuf's binary encoding, from the cache where it is there. */
export function bytesOf<M extends DescMessage>(
  schema: M,
  message: MessageShape<M>,
  encode: Encode,
): Buffer {
  const known = kept.get(message);
  if (known !== undefined) return known;
  const bytes = encode(schema, message);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (kept.has(message)) kept.set(message, buffer);
  return buffer;
}

/** The message as an uncompressed gRPC Length-Prefixed-Message (flag 0, length, bytes), cached. */
export function frameOf<M extends DescMessage>(
  schema: M,
  message: MessageShape<M>,
  encode: Encode,
): Buffer {
  const known = frames.get(message);
  if (known !== undefined) return known;
  const bytes = encode(schema, message);
  const frame = Buffer.allocUnsafe(5 + bytes.length);
  frame[0] = 0;
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  if (kept.has(message)) frames.set(message, frame);
  return frame;
}

const frames = new WeakMap<object, Buffer>();

/** A message in JSON and its length. */
export interface JsonText {
  /** The JSON. */
  text: string;
  /** In bytes of UTF-8. */
  length: number;
}

/** The message in Protobuf's JSON format, from the cache where it is there. */
export function jsonOf<M extends DescMessage>(schema: M, message: MessageShape<M>): JsonText {
  const known = texts.get(message);
  if (known !== undefined) return known;
  const text = toJsonString(schema, message);
  const json = { text, length: Buffer.byteLength(text) };
  if (kept.has(message)) texts.set(message, json);
  return json;
}

const texts = new WeakMap<object, JsonText>();
