/** A batch's answer is made of the cached bytes of its verdicts, and long ones are not copied. */

import { create, fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  BatchVerifyResponseSchema,
  VerifyResponseSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { encode } from '../../../src/transport/codec/encode.ts';
import { bytesOf, cacheEncoded, framesOf } from '../../../src/transport/codec/encoded-cache.ts';

const verdict = (subject: string) => {
  const response = create(VerifyResponseSchema, { valid: true, httpStatus: 200, subject });
  cacheEncoded(response);
  return response;
};

const [long, short] = [verdict('l'.repeat(5000)), verdict('s')];

test.each([
  ['long verdicts', [long, long, long]],
  ['short verdicts', [short, short]],
  ['both', [short, long, short, short, long, short]],
  ['none', []],
])('a batch with %s, in pieces and as a whole', (_, responses) => {
  const message = create(BatchVerifyResponseSchema, { responses, instance: 'one' });
  const frame = Buffer.concat(framesOf(BatchVerifyResponseSchema, message, encode));
  expect([frame[0], frame.readUInt32BE(1)]).toEqual([0, frame.length - 5]);
  expect(fromBinary(BatchVerifyResponseSchema, frame.subarray(5))).toEqual(message);
  expect(bytesOf(BatchVerifyResponseSchema, message, encode)).toEqual(frame.subarray(5));
});

test('the bytes of a long verdict are in memory once, however often they are answered', () => {
  const responses = Array.from({ length: 100 }, () => long);
  const message = create(BatchVerifyResponseSchema, { responses });
  const memory = bytesOf(VerifyResponseSchema, long, encode).buffer;
  const pieces = framesOf(BatchVerifyResponseSchema, message, encode);
  expect(pieces.filter(({ buffer }) => buffer === memory)).toHaveLength(100);
  const others = pieces.filter(({ buffer }) => buffer !== memory);
  expect(others.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThan(10_000);
});
