/** The source in a question: which texts are addresses. */

import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { VerifyRequestSchema } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { questionOf } from '../../../src/transport/services/question.ts';

const sourceOf = (source: string) => questionOf(create(VerifyRequestSchema, { source })).source;

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['2001:DB8:0::7', '2001:DB8:0::7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::192.0.2.7', '::192.0.2.7'],
])('%s is %s', (text, source) => expect(sourceOf(text)).toBe(source));

test('an empty one is not known', () => expect(sourceOf('')).toBeUndefined());

describe('what is no address is refused, at its place', () => {
  test.each([
    ...[
      'localhost',
      '192.0.2',
      '192.0.2.256',
      '192.0.02.7',
      '192.0.2.7:80',
      '192.0.2.0/24',
      'unknown',
    ],
    ...[
      '[2001:db8::7]',
      '2001:db8::7/128',
      ' 192.0.2.7',
      '192.0.2.7 ',
      '192.0.2.7, 10.0.0.1',
      '::g',
    ],
  ])('%j', source => {
    const text = 'source: is not an IPv4 or IPv6 address, without a port and brackets';
    expect(() => sourceOf(source)).toThrow(text);
  });
  test('a zone, and a text beyond 64 characters', () => {
    expect(() => sourceOf('fe80::1%eth0')).toThrow('source: has a zone; leave it out');
    expect(() => sourceOf(`${'0'.repeat(64)}1`)).toThrow('source: is longer than 64 characters');
    const request = create(VerifyRequestSchema, { source: 'x' });
    expect(() => questionOf(request, 'requests[3].')).toThrow('requests[3].source: is not');
  });
});
