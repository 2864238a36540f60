/** The reader of Envoy's request agrees with the protobuf library on any bytes. */

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/gen/envoy/config/core/v3/address_pb.ts';
import {
  type CheckRequest,
  CheckRequestSchema,
} from '../../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { decode } from '../../../src/transport/codec/decode.ts';
import { readCheck } from '../../../src/transport/codec/decode-check.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }).map(odd => odd.toWellFormed()),
);
const name = fc.oneof(
  fc.constantFrom(
    ...['authorization', 'Authorization', 'authorizatiom', 'accept', ''],
    ...[
      'x-forwarded-for',
      'traceparent',
      'x-request-id',
      'X-request-id',
      'X-Forwarded-For',
      'x-forwarded-fox',
    ],
  ),
  text,
);
const texts = fc.dictionary(name, text, { maxKeys: 4 });
const port = fc.oneof(
  fc.record({ case: fc.constant('portValue' as const), value: fc.nat() }),
  fc.record({ case: fc.constant('namedPort' as const), value: text }),
);
const socketAddress = fc.record({ address: text, protocol: fc.nat(1), portSpecifier: port });
const address = fc.oneof(
  fc.record({ case: fc.constant('socketAddress' as const), value: socketAddress }),
  fc.record({ case: fc.constant('pipe' as const), value: fc.record({ path: text }) }),
);
const peer = fc.record(
  { address: fc.record({ address }), service: text, labels: texts, principal: text },
  { requiredKeys: ['service'] },
);
const http = fc.record(
  {
    id: text,
    method: text,
    headers: texts,
    path: text,
    size: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    rawBody: fc.uint8Array({ maxLength: 4 }),
    headerMap: fc.record({
      headers: fc.array(fc.record({ key: name, value: text }), { maxLength: 2 }),
    }),
  },
  { requiredKeys: ['headers'] },
);
const request = fc.record(
  { time: fc.record({ seconds: fc.bigInt({ min: -5n, max: 2n ** 40n }) }), http },
  { requiredKeys: [] },
);
const attributes = fc.record(
  { source: peer, request, contextExtensions: texts },
  { requiredKeys: [] },
);
type Init = MessageInitShape<typeof CheckRequestSchema>;
const well = fc
  .record({ attributes }, { requiredKeys: [] })
  .map(init => toBinary(CheckRequestSchema, create(CheckRequestSchema, init as Init)));

/** The fields that Check reads. */
function lookedAt({ attributes }: CheckRequest) {
  const http = attributes?.request?.http;
  return {
    extensions: attributes?.contextExtensions,
    authorization: http?.headers.authorization,
    forwardedFor: http?.headers['x-forwarded-for'],
    marks: ['traceparent', 'tracestate', 'x-request-id'].map(name => http?.headers[name]),
    address: addressIn(attributes?.source?.address?.address),
    headerMap: http?.headerMap,
  };
}

function addressIn(address: Address['address'] | undefined) {
  return address?.case === 'socketAddress' ? address.value.address : undefined;
}

/** `isWhole` says whether what the library read was all there is: it reads beyond the ends of fields. */
function same(some: Uint8Array, isWhole: (read: CheckRequest) => boolean = () => true) {
  const bytes = Buffer.from(some);
  let theirs: CheckRequest;
  try {
    theirs = fromBinary(CheckRequestSchema, bytes);
  } catch {
    // Malformed bytes may pass only in fields that Check does not read.
    return;
  }
  if (!isWhole(theirs)) return;
  expect(lookedAt(decode(CheckRequestSchema, bytes))).toEqual(lookedAt(theirs));
}

describe('the same fields are read', () => {
  test('well formed', () => {
    fc.assert(
      fc.property(well, bytes => same(bytes)),
      { numRuns: 2000 },
    );
  });
  test('mutated: bytes changed, removed and inserted', () => {
    const bend = fc.tuple(well, fc.nat(), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }));
    fc.assert(
      fc.property(bend, ([bytes, at, cut, put]) => {
        const place = bytes.length === 0 ? 0 : at % bytes.length;
        const bent = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
        same(bent, read => bent.equals(toBinary(CheckRequestSchema, read)));
      }),
      { numRuns: 5000 },
    );
  });
  test('two messages in one, which are merged', () => {
    fc.assert(
      fc.property(well, well, (one, two) => same(Buffer.concat([one, two]))),
      { numRuns: 500 },
    );
  });
});

test('what Envoy sends is plain', () => {
  const init = {
    attributes: {
      source: {
        principal: 'spiffe://mesh/client',
        address: {
          address: {
            case: 'socketAddress' as const,
            value: {
              address: '192.0.2.1',
              portSpecifier: { case: 'portValue' as const, value: 51_234 },
            },
          },
        },
      },
      request: {
        time: { seconds: 1_700_000_000n, nanos: 5 },
        http: {
          ...{ id: '1', method: 'GET', path: '/', host: 'shop.example', size: -1n },
          headers: {
            ...{ ':path': '/', authorization: 'usher_x', 'x-odd': 'é' },
            'x-forwarded-for': '192.0.2.1',
            'x-request-id': 'one',
          },
        },
      },
      contextExtensions: { scopes: 'a b' },
    },
  };
  const bytes = Buffer.from(toBinary(CheckRequestSchema, create(CheckRequestSchema, init)));
  const read = readCheck({ bytes, at: 0 }, bytes.length);
  expect(read && lookedAt(read)).toEqual({
    extensions: { scopes: 'a b' },
    authorization: 'usher_x',
    forwardedFor: '192.0.2.1',
    marks: [undefined, undefined, 'one'],
    address: '192.0.2.1',
    headerMap: undefined,
  });
});

test('malformed bytes in fields that Check reads are refused', () => {
  const authorization = Buffer.from('0a0d617574686f72697a6174696f6e1202c328', 'hex');
  const wrap = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.of(tag, bytes.length), bytes]);
  const bytes = wrap(0x0a, wrap(0x22, wrap(0x12, wrap(0x1a, authorization))));
  expect(() => decode(CheckRequestSchema, bytes)).toThrow();
});

test('equal context extensions are one object, which cannot be changed', () => {
  const extensionsOf = (contextExtensions: Record<string, string>) => {
    const init = { attributes: { contextExtensions } };
    const bytes = Buffer.from(toBinary(CheckRequestSchema, create(CheckRequestSchema, init)));
    return readCheck({ bytes, at: 0 }, bytes.length)?.attributes?.contextExtensions;
  };
  const all = [
    { scopes: 'a' },
    { scopes: 'b' },
    { audience: 'a' },
    {},
    { scopes: 'x'.repeat(2000) },
  ];
  const once = all.map(extensionsOf);
  expect(once).toEqual(all);
  expect(extensionsOf({ scopes: 'a' })).toBe(once[0]);
  expect(Object.isFrozen(once[0])).toBe(true);
  // More routes than are remembered.
  for (let n = 0; n < 1000; n++)
    expect(extensionsOf({ scopes: `${n}` })).toEqual({ scopes: `${n}` });
  expect(all.map(extensionsOf)).toEqual(all);
});
