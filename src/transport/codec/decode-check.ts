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
  const { bytes } = cursor;
  let attributes: AttributeContext | undefined;
  while (cursor.at < end) {
    // Protobuf merges a repeated submessage with the first; the library does that, here and below.
    if (bytes[cursor.at++] !== attributesTag || attributes !== undefined) return undefined;
    attributes = readMessage(cursor, end, readAttributes);
    if (attributes === undefined) return undefined;
  }
  const { typeName: $typeName } = CheckRequestSchema;
  return attributes === undefined ? { $typeName } : { $typeName, attributes };
};

const readAttributes: Read<AttributeContext> = (cursor, end) => {
  const { bytes } = cursor;
  let request: AttributeContext_Request | undefined;
  let extensionsAt = end;
  let extensionsEnd = end;
  while (cursor.at < end) {
    const at = cursor.at++;
    const tag = bytes[at] as number;
    if (tag === requestTag) {
      if (request !== undefined) return undefined;
      request = readMessage(cursor, end, readRequest);
      if (request === undefined) return undefined;
    } else {
      if (!attributesTags.has(tag) || !skip(cursor, end, tag)) return undefined;
      if (tag !== extensionsTag) continue;
      if (extensionsAt === end) extensionsAt = at;
      else if (extensionsEnd !== at) return undefined;
      extensionsEnd = cursor.at;
    }
  }
  const contextExtensions = extensionsOf(bytes, extensionsAt, extensionsEnd);
  if (contextExtensions === undefined) return undefined;
  const { typeName: $typeName } = AttributeContextSchema;
  if (request === undefined) return { $typeName, contextExtensions };
  return { $typeName, contextExtensions, request };
};

type Extensions = AttributeContext['contextExtensions'];

/** The extensions of a route are the same in all of its requests. By their bytes, as text. */
const known = new Map<string, Extensions>();
const knownMax = 256;
const knownBytesMax = 1024;

/** Extensions from their entries; equal ones may be the same object. */
function extensionsOf(bytes: Buffer, at: number, end: number): Extensions | undefined {
  if (end - at > knownBytesMax) return readExtensions({ bytes, at }, end);
  const name = bytes.toString('latin1', at, end);
  const before = known.get(name);
  if (before !== undefined) return before;
  const extensions = readExtensions({ bytes, at }, end);
  if (extensions === undefined) return undefined;
  if (known.size >= knownMax) known.clear();
  known.set(name, Object.freeze(extensions));
  return extensions;
}

const readExtensions: Read<Extensions> = (cursor, end) => {
  const extensions: Extensions = {};
  while (cursor.at < end) {
    cursor.at++;
    if (!readEntry(cursor, end)) return undefined;
    const name = textOf(cursor.bytes, entry.nameAt, entry.nameEnd);
    const value = textOf(cursor.bytes, entry.valueAt, cursor.at);
    // Assignment would set the prototype; the library defines it as an own property.
    if (name === undefined || name === '__proto__' || value === undefined) return undefined;
    extensions[name] = value;
  }
  return extensions;
};

const readRequest: Read<AttributeContext_Request> = (cursor, end) => {
  let http: AttributeContext_HttpRequest | undefined;
  while (cursor.at < end) {
    const tag = cursor.bytes[cursor.at++] as number;
    if (tag === httpTag) {
      if (http !== undefined) return undefined;
      http = readMessage(cursor, end, readHttp);
      if (http === undefined) return undefined;
    } else if (!requestTags.has(tag) || !skip(cursor, end, tag)) return undefined;
  }
  const { typeName: $typeName } = AttributeContext_RequestSchema;
  return http === undefined ? { $typeName } : { $typeName, http };
};

const authorization = 'authorization';
const noBytes = new Uint8Array(0);

const readHttp: Read<AttributeContext_HttpRequest> = (cursor, end) => {
  const { bytes } = cursor;
  const headers: AttributeContext_HttpRequest['headers'] = {};
  while (cursor.at < end) {
    const tag = bytes[cursor.at++] as number;
    if (tag === headersTag) {
      if (!readEntry(cursor, end)) return undefined;
      const { nameAt, nameEnd } = entry;
      if (nameEnd - nameAt !== authorization.length) continue;
      const name = textOf(bytes, nameAt, nameEnd);
      if (name === authorization) {
        const value = textOf(bytes, entry.valueAt, cursor.at);
        if (value === undefined) return undefined;
        headers.authorization = value;
        // Another case of the same name: the library reads all of them.
      } else if (name === undefined || name.toLowerCase() === authorization) return undefined;
      // Envoy sends header_map in place of `headers` if so configured; the library reads that.
    } else if (tag === headerMapTag || !httpTags.has(tag) || !skip(cursor, end, tag)) {
      return undefined;
    }
  }
  return {
    $typeName: AttributeContext_HttpRequestSchema.typeName,
    id: '',
    method: '',
    headers,
    path: '',
    host: '',
    scheme: '',
    query: '',
    fragment: '',
    size: 0n,
    protocol: '',
    body: '',
    rawBody: noBytes,
  };
};

function readMessage<T>(cursor: Cursor, end: number, read: Read<T>): T | undefined {
  const ends = readEnd(cursor, end);
  return ends === undefined ? undefined : read(cursor, ends);
}

/** Where the last entry has its name and its value, which ends where the entry does. */
const entry = { nameAt: 0, nameEnd: 0, valueAt: 0 };

/**
 * Finds name and value of a string map entry, in this order, as all encoders write them; false for any
 * other form.
 */
function readEntry(cursor: Cursor, end: number): boolean {
  const { bytes } = cursor;
  const ends = readEnd(cursor, end);
  if (ends === undefined || bytes[cursor.at++] !== keyTag) return false;
  const nameEnd = readEnd(cursor, ends);
  if (nameEnd === undefined) return false;
  entry.nameAt = cursor.at;
  entry.nameEnd = nameEnd;
  cursor.at = nameEnd;
  if (bytes[cursor.at++] !== valueTag || readEnd(cursor, ends) !== ends) return false;
  entry.valueAt = cursor.at;
  cursor.at = ends;
  return true;
}
