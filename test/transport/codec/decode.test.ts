/** The reader of requests agrees with the protobuf library on any bytes. */

import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BatchVerifyRequestSchema,
  StreamVerifyRequestSchema,
  VerifyRequestSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { decode } from '../../../src/transport/codec/decode.ts';
import { anyCharacter } from '../../any-character.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: anyCharacter }).map(odd => odd.toWellFormed()),
);
const verify = fc.record({
  header: text,
  audience: text,
  requiredScopes: fc.array(text, { maxLength: 3 }),
  source: text,
});
const item = fc.record({ id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), request: verify });
const smallItem = fc.record({ id: fc.bigInt({ min: 0n, max: 300n }), request: verify });

const bytesOf: Record<string, [DescMessage, fc.Arbitrary<Uint8Array>]> = {
  VerifyRequest: [
    VerifyRequestSchema,
    verify.map(request => toBinary(VerifyRequestSchema, create(VerifyRequestSchema, request))),
  ],
  BatchVerifyRequest: [
    BatchVerifyRequestSchema,
    fc
      .array(verify, { maxLength: 4 })
      .map(requests =>
        toBinary(BatchVerifyRequestSchema, create(BatchVerifyRequestSchema, { requests })),
      ),
  ],
  StreamVerifyRequest: [
    StreamVerifyRequestSchema,
    fc
      .array(fc.oneof(smallItem, item), { maxLength: 4 })
      .map(items =>
        toBinary(StreamVerifyRequestSchema, create(StreamVerifyRequestSchema, { items })),
      ),
  ],
};

/** The outcome of a read; all errors are equal. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return 'malformed';
  }
}

describe.each(Object.entries(bytesOf))('%s', (_name, [schema, well]) => {
  const same = (some: Uint8Array) => {
    const bytes = Buffer.from(some);
    expect(outcome(() => decode(schema, bytes))).toEqual(outcome(() => fromBinary(schema, bytes)));
  };
  test('well formed', () => {
    fc.assert(fc.property(well, same), { numRuns: 1000 });
  });
  test('mutated: bytes changed, removed and inserted', () => {
    const bend = fc.tuple(well, fc.nat(), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }));
    fc.assert(
      fc.property(bend, ([bytes, at, cut, put]) => {
        const place = bytes.length === 0 ? 0 : at % bytes.length;
        same(Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]));
      }),
      { numRuns: 3000 },
    );
  });
  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), same), { numRuns: 3000 });
  });
  test('two messages in one, whose fields are merged', () => {
    fc.assert(
      fc.property(well, well, (one, two) => same(Buffer.concat([one, two]))),
      { numRuns: 300 },
    );
  });
});

test.each([
  ['a member twice, the last of which counts', '0a01610a0162'],
  ['a request in two parts, which are merged', '0a0a12030a0161120312016208'],
  ['an item whose request comes twice', '0a0e080112030a0161120512036f7264'],
  ['an id of ten bytes', '0a0d08ffffffffffffffffff011200'],
  ['an unknown field', '2205616263646508'],
  ['bytes that are not UTF-8', '0a02c328'],
  ['the replacement character itself', '0a03efbfbd'],
  ['a byte order mark', '0a04efbbbf61'],
  ['a length beyond the end', '0aff01'],
])('%s', (_what, hex) => {
  for (const [schema] of Object.values(bytesOf)) {
    const bytes = Buffer.from(hex, 'hex');
    expect(outcome(() => decode(schema, bytes))).toEqual(outcome(() => fromBinary(schema, bytes)));
  }
});
