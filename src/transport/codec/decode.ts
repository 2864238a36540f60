/**
 * Decodes requests. The most frequent messages have readers of their own, because the arrays that
 * the library allocates for each string and tag cost more than a verdict. These readers handle only
 * known fields in their declared wire types; the library decodes everything else and rejects
 * malformed bytes.
 */

import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import {
  type BatchVerifyRequest,
  BatchVerifyRequestSchema,
  type StreamVerifyRequest,
  type StreamVerifyRequest_Item,
  StreamVerifyRequest_ItemSchema,
  StreamVerifyRequestSchema,
  type VerifyRequest,
  VerifyRequestSchema,
} from '../../gen/usher/v1/verifier_pb.ts';
import { readCheck } from './decode-check.ts';
import {
  type Cursor,
  type Read,
  readEnd,
  readText,
  readVarint,
  tagOf,
  wireTypes,
} from './plain-wire.ts';

/** Decodes a message; throws when the bytes are not one. */
export function decode<M extends DescMessage>(schema: M, bytes: Buffer): MessageShape<M> {
  const plain = readers[schema.typeName]?.({ bytes, at: 0 }, bytes.length);
  return (plain as MessageShape<M> | undefined) ?? fromBinary(schema, bytes);
}

const headerTag = tagOf(VerifyRequestSchema.field.header);
const audienceTag = tagOf(VerifyRequestSchema.field.audience);
const scopeTag = tagOf(VerifyRequestSchema.field.requiredScopes);
const sourceTag = tagOf(VerifyRequestSchema.field.source);

const readVerify: Read<VerifyRequest> = (cursor, end) => {
  let header: string | undefined = '';
  let audience: string | undefined = '';
  let source: string | undefined = '';
  const requiredScopes: string[] = [];
  while (cursor.at < end) {
    const tag = cursor.bytes[cursor.at++];
    const text = readText(cursor, end);
    if (text === undefined) return undefined;
    if (tag === headerTag) header = text;
    else if (tag === audienceTag) audience = text;
    else if (tag === scopeTag) requiredScopes.push(text);
    else if (tag === sourceTag) source = text;
    else return undefined;
  }
  return { $typeName: VerifyRequestSchema.typeName, header, audience, requiredScopes, source };
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

const idTag = tagOf(StreamVerifyRequest_ItemSchema.field.id, wireTypes.varint);
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
      // Protobuf merges a repeated submessage with the first; the library does that.
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
  [CheckRequestSchema.typeName]: readCheck,
  [VerifyRequestSchema.typeName]: readVerify,
  [BatchVerifyRequestSchema.typeName]: readBatch,
  [StreamVerifyRequestSchema.typeName]: readStream,
};

/** Reads a message whose only field is a repeated message. */
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
