/** The encoded form of answers that are given again and again. */

import { type DescMessage, type MessageShape, toJsonString } from '@bufbuild/protobuf';

/** Encodes a message of which no bytes are kept. */
export type Encode = <M extends DescMessage>(schema: M, message: MessageShape<M>) => Uint8Array;

/** Messages that are sent more than once, with their bytes as soon as they are known. */
const kept = new WeakMap<object, Buffer | undefined>();

/** Says that a message will be sent again, unchanged. */
export function cacheEncoded(message: object): void {
  kept.set(message, undefined);
}

/** Encodes a message, or finds the bytes that were kept of it. */
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

/** The same as a gRPC message: a byte that says "not compressed", the length, the bytes. */
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

/** A message in JSON. */
export interface JsonText {
  text: string;
  /** In bytes of UTF-8. */
  length: number;
}

/** The same as canonical JSON of Protobuf. */
export function jsonOf<M extends DescMessage>(schema: M, message: MessageShape<M>): JsonText {
  const known = texts.get(message);
  if (known !== undefined) return known;
  const text = toJsonString(schema, message);
  const json = { text, length: Buffer.byteLength(text) };
  if (kept.has(message)) texts.set(message, json);
  return json;
}

const texts = new WeakMap<object, JsonText>();
