/**
 * Decodes requests: those that come most, where they are plain, without the arrays that the library
 * makes for each string and tag, which cost more than the verdicts. Plain are the known fields in the
 * wire types of the contract; the library decides about everything else, malformed bytes included.
 */

import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import {
  type BatchVerifyRequest,
  BatchVerifyRequestSchema,
  type StreamVerifyRequest,
  type StreamVerifyRequest_Item,
  StreamVerifyRequest_ItemSchema,
  StreamVerifyRequestSchema,
  type VerifyRequest,
  VerifyRequestSchema,
} from '../gen/usher/v1/verifier_pb.ts';

/** The message that bytes hold. Throws for bytes that hold none. */
export function decode<M extends DescMessage>(schema: M, bytes: Buffer): MessageShape<M> {
  const plain = readers[schema.typeName]?.({ bytes, at: 0 }, bytes.length);
  return (plain as MessageShape<M> | undefined) ?? fromBinary(schema, bytes);
}

/** Bytes, and how far they were read. */
interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** Reads a message that ends at `end`; undefined where it is not plain. */
type Read<T> = (cursor: Cursor, end: number) => T | undefined;

const lengthDelimited = 2;
const tagOf = ({ number }: { number: number }, wireType = lengthDelimited) =>
  (number << 3) | wireType;

const headerTag = tagOf(VerifyRequestSchema.field.header);
const audienceTag = tagOf(VerifyRequestSchema.field.audience);
const scopeTag = tagOf(VerifyRequestSchema.field.requiredScopes);

const readVerify: Read<VerifyRequest> = (cursor, end) => {
  let header: string | undefined = '';
  let audience: string | undefined = '';
  const requiredScopes: string[] = [];
  while (cursor.at < end) {
    const tag = cursor.bytes[cursor.at++];
    const text = readText(cursor, end);
    if (text === undefined) return undefined;
    if (tag === headerTag) header = text;
    else if (tag === audienceTag) audience = text;
    else if (tag === scopeTag) requiredScopes.push(text);
    else return undefined;
  }
  return { $typeName: VerifyRequestSchema.typeName, header, audience, requiredScopes };
};

const requestsTag = tagOf(BatchVerifyRequestSchema.field.requests);

const readBatch: Read<BatchVerifyRequest> = (cursor, end) => {
  const requests = readList(cursor, end, requestsTag, readVerify);
  return requests && { $typeName: BatchVerifyRequestSchema.typeName, requests };
};

const itemsTag = tagOf(StreamVerifyRequestSchema.field.items);

const readStream: Read<StreamVerifyRequest> = (cursor, end) => {
  const items = readList(cursor, end, itemsTag, readItem);
  return items && { $typeName: StreamVerifyRequestSchema.typeName, items };
};

const idTag = tagOf(StreamVerifyRequest_ItemSchema.field.id, 0);
const requestTag = tagOf(StreamVerifyRequest_ItemSchema.field.request);

const readItem: Read<StreamVerifyRequest_Item> = (cursor, end) => {
  let id = 0;
  let request: VerifyRequest | undefined;
  while (cursor.at < end) {
    const tag = cursor.bytes[cursor.at++];
    if (tag === idTag) {
      id = readVarint(cursor, end);
      if (id < 0) return undefined;
    } else {
      // A second one would have to be merged with the first.
      if (tag !== requestTag || request !== undefined) return undefined;
      const ends = readEnd(cursor, end);
      request = ends === undefined ? undefined : readVerify(cursor, ends);
      if (request === undefined) return undefined;
    }
  }
  const item: StreamVerifyRequest_Item = {
    $typeName: StreamVerifyRequest_ItemSchema.typeName,
    id: BigInt(id),
  };
  if (request !== undefined) item.request = request;
  return item;
};

const readers: Record<string, Read<unknown>> = {
  [VerifyRequestSchema.typeName]: readVerify,
  [BatchVerifyRequestSchema.typeName]: readBatch,
  [StreamVerifyRequestSchema.typeName]: readStream,
};

/** The messages of a field that is the only one of its message. */
function readList<T>(cursor: Cursor, end: number, tag: number, read: Read<T>): T[] | undefined {
  const list: T[] = [];
  while (cursor.at < end) {
    if (cursor.bytes[cursor.at++] !== tag) return undefined;
    const ends = readEnd(cursor, end);
    const message = ends === undefined ? undefined : read(cursor, ends);
    if (message === undefined) return undefined;
    list.push(message);
  }
  return list;
}

function readText(cursor: Cursor, end: number): string | undefined {
  const ends = readEnd(cursor, end);
  if (ends === undefined) return undefined;
  const text = cursor.bytes.toString('utf8', cursor.at, ends);
  cursor.at = ends;
  // It stands for bytes that are not UTF-8, or for itself.
  return text.includes('\ufffd') ? undefined : text;
}

/** Where a length-delimited field ends. */
function readEnd(cursor: Cursor, end: number): number | undefined {
  const length = readVarint(cursor, end);
  return length < 0 || cursor.at + length > end ? undefined : cursor.at + length;
}

/** Seven bytes of seven bits each: what a number holds exactly. */
const varintBytesMax = 7;

/** A varint; -1 for one that is longer. */
function readVarint(cursor: Cursor, end: number): number {
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
