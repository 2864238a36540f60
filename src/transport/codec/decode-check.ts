/**
 * Decodes the parts of Envoy's CheckRequest that the Check rpc uses: some headers, the address of Envoy's
 * peer and the context extensions. The some thirty other attributes are skipped.
 */

import {
  type Address,
  AddressSchema,
  type SocketAddress,
  SocketAddress_Protocol,
  SocketAddressSchema,
} from '../../gen/envoy/config/core/v3/address_pb.ts';
import {
  type AttributeContext,
  type AttributeContext_HttpRequest,
  AttributeContext_HttpRequestSchema,
  type AttributeContext_Peer,
  AttributeContext_PeerSchema,
  type AttributeContext_Request,
  AttributeContext_RequestSchema,
  AttributeContextSchema,
} from '../../gen/envoy/service/auth/v3/attribute_context_pb.ts';
import {
  type CheckRequest,
  CheckRequestSchema,
} from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import { readMark } from './check-marks.ts';
import {
  type Cursor,
  plainTags,
  type Read,
  readEnd,
  readText,
  skip,
  tagOf,
  textOf,
  wireTypes,
} from './plain-wire.ts';

const attributesTag = tagOf(CheckRequestSchema.field.attributes);
const sourceTag = tagOf(AttributeContextSchema.field.source);
const requestTag = tagOf(AttributeContextSchema.field.request);
const extensionsTag = tagOf(AttributeContextSchema.field.contextExtensions);
const httpTag = tagOf(AttributeContext_RequestSchema.field.http);
const headersTag = tagOf(AttributeContext_HttpRequestSchema.field.headers);
const headerMapTag = tagOf(AttributeContext_HttpRequestSchema.field.headerMap);
const addressTag = tagOf(AttributeContext_PeerSchema.field.address);
const socketTag = tagOf(AddressSchema.field.socketAddress);
const ipTag = tagOf(SocketAddressSchema.field.address);
const { protocol, portValue, namedPort } = SocketAddressSchema.field;
const portTags: ReadonlySet<number> = new Set([
  tagOf(protocol, wireTypes.varint),
  tagOf(portValue, wireTypes.varint),
  tagOf(namedPort),
]);
const peerTags = plainTags(AttributeContext_PeerSchema);
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
  let source: AttributeContext_Peer | undefined;
  let extensionsAt = end;
  let extensionsEnd = end;
  while (cursor.at < end) {
    const at = cursor.at++;
    const tag = bytes[at] as number;
    if (tag === requestTag) {
      if (request !== undefined) return undefined;
      request = readMessage(cursor, end, readRequest);
      if (request === undefined) return undefined;
    } else if (tag === sourceTag) {
      if (source !== undefined) return undefined;
      source = readMessage(cursor, end, readPeer);
      if (source === undefined) return undefined;
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
  const attributes: AttributeContext = { $typeName, contextExtensions };
  if (source !== undefined) attributes.source = source;
  if (request !== undefined) attributes.request = request;
  return attributes;
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

const readPeer: Read<AttributeContext_Peer> = (cursor, end) => {
  let address: Address | undefined;
  while (cursor.at < end) {
    const tag = cursor.bytes[cursor.at++] as number;
    if (tag === addressTag) {
      if (address !== undefined) return undefined;
      address = readMessage(cursor, end, readAddress);
      if (address === undefined) return undefined;
    } else if (!peerTags.has(tag) || !skip(cursor, end, tag)) return undefined;
  }
  const peer: AttributeContext_Peer = {
    $typeName: AttributeContext_PeerSchema.typeName,
    service: '',
    labels: noLabels,
    principal: '',
    certificate: '',
  };
  if (address !== undefined) peer.address = address;
  return peer;
};

/** Reads an address and port. A Unix domain socket is left to the library. */
const readAddress: Read<Address> = (cursor, end) => {
  if (cursor.bytes[cursor.at++] !== socketTag) return undefined;
  const value = readMessage(cursor, end, readSocketAddress);
  if (value === undefined || cursor.at !== end) return undefined;
  return { $typeName: AddressSchema.typeName, address: { case: 'socketAddress', value } };
};

/** Its port is not used. */
const readSocketAddress: Read<SocketAddress> = (cursor, end) => {
  let address = '';
  while (cursor.at < end) {
    const tag = cursor.bytes[cursor.at++] as number;
    if (tag === ipTag) {
      const text = readText(cursor, end);
      if (text === undefined) return undefined;
      address = text;
    } else if (!portTags.has(tag) || !skip(cursor, end, tag)) return undefined;
  }
  return {
    $typeName: SocketAddressSchema.typeName,
    protocol: SocketAddress_Protocol.TCP,
    address,
    portSpecifier: noPort,
  };
};

const authorization = 'authorization';
const forwardedFor = 'x-forwarded-for';

/** The header that is read and has a name of so many bytes. */
function headerOf(nameBytes: number): string | undefined {
  if (nameBytes === authorization.length) return authorization;
  return nameBytes === forwardedFor.length ? forwardedFor : undefined;
}

const noPort: SocketAddress['portSpecifier'] = { case: undefined };
const noLabels: AttributeContext_Peer['labels'] = {};
const noBytes = new Uint8Array(0);

const readHttp: Read<AttributeContext_HttpRequest> = (cursor, end) => {
  const { bytes } = cursor;
  const headers: AttributeContext_HttpRequest['headers'] = {};
  while (cursor.at < end) {
    const tag = bytes[cursor.at++] as number;
    if (tag === headersTag) {
      if (!readEntry(cursor, end)) return undefined;
      const { nameAt, nameEnd } = entry;
      const sought = headerOf(nameEnd - nameAt);
      if (sought === undefined) {
        if (!readMark(cursor, entry, headers)) return undefined;
        continue;
      }
      const name = textOf(bytes, nameAt, nameEnd);
      if (name === sought) {
        const value = textOf(bytes, entry.valueAt, cursor.at);
        if (value === undefined) return undefined;
        if (sought === authorization) headers.authorization = value;
        else headers[forwardedFor] = value;
        // Another case of the same name: the library reads all of them.
      } else if (name === undefined || name.toLowerCase() === sought) return undefined;
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
