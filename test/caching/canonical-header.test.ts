/** Equal headers have one spelling, which means the same as each of them. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalHeader, trimBlanks } from '../../src/caching/canonical-header.ts';
import { parseAuthorization } from '../../src/verify/credential.ts';
import { defaultLimits } from '../limits.ts';

test('equal headers have one spelling', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'beareR']) {
    for (const blanks of [' ', '  ', '\t', ' \t ']) {
      for (const around of ['', ' ', '\t', '  ']) {
        const header = `${around}${scheme}${blanks}abc${around}`;
        expect(canonicalHeader(header)).toBe('Bearer abc');
      }
    }
  }
  expect(canonicalHeader(' abc\t')).toBe('abc');
});

test('other headers keep theirs', () => {
  for (const header of ['', 'abc', 'Bearer', 'Bearer ab c', 'Basic  x', 'Bearerx', 'bearerx']) {
    expect(canonicalHeader(header)).toBe(header);
  }
});

test('the one spelling is read as the header itself', () => {
  const piece = fc.constantFrom('Bearer', 'bearer', ' ', '\t', 'abc', 'a.b.c', 'Basic', ',', '\n');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      const header = pieces.join('');
      const one = canonicalHeader(header);
      expect(parseAuthorization(one, defaultLimits.verify)).toEqual(
        parseAuthorization(header, defaultLimits.verify),
      );
      expect(canonicalHeader(one)).toBe(one);
    }),
  );
});

test('trimming leaves what is between', () => {
  expect(trimBlanks('\t a \t b ')).toBe('a \t b');
  expect(trimBlanks('a')).toBe('a');
  expect(trimBlanks(' ')).toBe('');
  expect(trimBlanks('\n a')).toBe('\n a');
});
