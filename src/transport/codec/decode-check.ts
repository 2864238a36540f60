/**
 * Decodes the two parts of Envoy's CheckRequest that the Check rpc uses: the Authorization header
 * and the context extensions. The some thirty other attributes are skipped.
 */

import {
  type AttributeContext,
  type AttributeContext_HttpRequest,
  AttributeContext_HttpRequestSchema,
  type AttributeContext_Request,
  AttributeContext_RequestSchema,
  AttributeContextSchema,
} from '../../gen/envoy/service/auth/v3/attribute_context_pb.ts';
import {
  type CheckRequest,
  CheckRequestSchema,
} from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import { type Cursor, plainTags, type Read, readEnd, skip, tagOf, textOf } from './plain-wire.ts';

const attributesTag = tagOf(CheckRequestSchema.field.attributes);
const requestTag = tagOf(AttributeContextSchema.field.request);
const extensionsTag = tagOf(AttributeContextSchema.field.contextExtensions);
const httpTag = tagOf(AttributeContext_RequestSchema.field.http);
const headersTag = tagOf(AttributeContext_HttpRequestSchema.field.headers);
const headerMapTag = tagOf(AttributeContext_HttpRequestSchema.field.headerMap);
const attributesTags = plainTags(AttributeContextSchema);
const requestTags = plainTags(AttributeContext_RequestSchema);
const httpTags = plainTags(AttributeContext_HttpRequestSchema);
/** A map entry has its key in field 1 and its value in field 2 (protobuf.dev, "Maps"). */
const keyTag = tagOf({ number: 1 });
const valueTag = tagOf({ number: 2 });

/** Reads the request, with all unused fields left at their defaults. */
export const readCheck: Read<CheckRequest> = (cursor, end) => {
  const check: CheckRequest = { $typeName: CheckRequestSchema.typeName };
  const plain = eachField(cursor, end, tag => {
    if (tag !== attributesTag) return false;
    // Protobuf merges a repeated submessage with the first; the library does that, here and below.
    if (check.attributes !== undefined) return false;
    check.attributes = readMessage(cursor, end, readAttributes);
    return check.attributes !== undefined;
  });
  return plain ? check : undefined;
};

const readAttributes: Read<AttributeContext> = (cursor, end) => {
  const { typeName: $typeName } = AttributeContextSchema;
  const attributes: AttributeContext = { $typeName, contextExtensions: {} };
  const extend = (name: string, value: string) => {
    // Assignment would set the prototype; the library defines it as an own property.
    if (name === '__proto__') return false;
    attributes.contextExtensions[name] = value;
    return true;
  };
  const plain = eachField(cursor, end, tag => {
    if (tag === extensionsTag) return readEntry(cursor, end, undefined, extend);
    if (tag !== requestTag) return attributesTags.has(tag) && skip(cursor, end, tag);
    if (attributes.request !== undefined) return false;
    attributes.request = readMessage(cursor, end, readRequest);
    return attributes.request !== undefined;
  });
  return plain ? attributes : undefined;
};

const readRequest: Read<AttributeContext_Request> = (cursor, end) => {
  const request: AttributeContext_Request = { $typeName: AttributeContext_RequestSchema.typeName };
  const plain = eachField(cursor, end, tag => {
    if (tag !== httpTag) return requestTags.has(tag) && skip(cursor, end, tag);
    if (request.http !== undefined) return false;
    request.http = readMessage(cursor, end, readHttp);
    return request.http !== undefined;
  });
  return plain ? request : undefined;
};

const noBytes = new Uint8Array(0);
const rest = {
  ...{ id: '', method: '', path: '', host: '', scheme: '', query: '', fragment: '', size: 0n },
  ...{ protocol: '', body: '', rawBody: noBytes },
};

const readHttp: Read<AttributeContext_HttpRequest> = (cursor, end) => {
  const headers: AttributeContext_HttpRequest['headers'] = {};
  const add = (_name: string, value: string) => {
    headers.authorization = value;
    return true;
  };
  const plain = eachField(cursor, end, tag => {
    if (tag === headersTag) return readEntry(cursor, end, 'authorization', add);
    // Envoy sends header_map in place of `headers` if so configured; the library reads that.
    return tag !== headerMapTag && httpTags.has(tag) && skip(cursor, end, tag);
  });
  const { typeName: $typeName } = AttributeContext_HttpRequestSchema;
  return plain ? { $typeName, ...rest, headers } : undefined;
};

/** Reads the fields of a message; false as soon as `read` rejects one. */
function eachField(cursor: Cursor, end: number, read: (tag: number) => boolean): boolean {
  while (cursor.at < end) {
    if (!read(cursor.bytes[cursor.at++] as number)) return false;
  }
  return cursor.at === end;
}

function readMessage<T>(cursor: Cursor, end: number, read: Read<T>): T | undefined {
  const ends = readEnd(cursor, end);
  return ends === undefined ? undefined : read(cursor, ends);
}

/**
 * Reads a string map entry, key before value as all encoders write it. With `wanted`, entries of
 * other keys are skipped. False for any other form.
 */
function readEntry(
  cursor: Cursor,
  end: number,
  wanted: string | undefined,
  take: (name: string, value: string) => boolean,
): boolean {
  const { bytes } = cursor;
  const ends = readEnd(cursor, end);
  if (ends === undefined || bytes[cursor.at++] !== keyTag) return false;
  const nameEnds = readEnd(cursor, ends);
  if (nameEnds === undefined) return false;
  const nameAt = cursor.at;
  cursor.at = nameEnds;
  if (bytes[cursor.at++] !== valueTag || readEnd(cursor, ends) !== ends) return false;
  const valueAt = cursor.at;
  cursor.at = ends;
  if (wanted !== undefined && nameEnds - nameAt !== wanted.length) return true;
  const name = textOf(bytes, nameAt, nameEnds);
  // Another case of the same name: the library reads all of them.
  if (wanted !== undefined && name !== wanted) return name?.toLowerCase() !== wanted;
  const value = textOf(bytes, valueAt, ends);
  return name !== undefined && value !== undefined && take(name, value);
}
