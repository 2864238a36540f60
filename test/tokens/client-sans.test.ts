/** Which names of client certificates are let in: one level for a star, and nothing that only looks alike. */

import { expect, test } from 'vitest';
import { createFindSan } from '../../src/tokens/client-sans.ts';

const sans = [
  { name: 'gateway.example.com', owner: 'ann' },
  { name: '*.example.com' },
  { name: 'spiffe://example.org/ns/web/sa/front' },
  { name: 'spiffe://example.org/ns/*', owner: 'bob' },
];
const find = createFindSan(sans);

test.each<[string, number | undefined]>([
  ['gateway.example.com', 0],
  ['GATEWAY.Example.COM', 0],
  ['other.example.com', 1],
  ['x_1.example.com', 1],
  ['a.b.example.com', undefined],
  ['example.com', undefined],
  ['.example.com', undefined],
  ['*.example.com', undefined],
  ['-.example.com', undefined],
  ['other.example.com.', undefined],
  ['other.example.com\n', undefined],
  ['otherXexample.com', undefined],
  ['other.example.com.evil.test', undefined],
  ['spiffe://example.org/ns/web/sa/front', 2],
  ['spiffe://example.org/ns/web', 3],
  ['spiffe://example.org/ns/web/sa/back', undefined],
  ['spiffe://example.org/ns/..web', 3],
  ['spiffe://example.org/ns/..', undefined],
  ['spiffe://example.org/ns/.', undefined],
  ['spiffe://example.org/ns/', undefined],
  ['spiffe://example.org/ns/*', undefined],
  ['spiffe://EXAMPLE.org/ns/web', undefined],
  ['spiffe://example.org/NS/web', undefined],
  ['spiffe://example.org.evil.test/ns/web', undefined],
  ['https://example.org/ns/web', undefined],
])('%s', (name, place) => {
  expect(find([name])).toBe(place === undefined ? undefined : sans[place]);
});

test('the first entry that any name matches counts, whatever the order of the names', () => {
  expect(find(['spiffe://example.org/ns/web', 'x.example.com', 'y.test'])).toBe(sans[1]);
  expect(find(['y.test', 'z.test'])).toBeUndefined();
  expect(find([])).toBeUndefined();
  expect(createFindSan([])(['x.example.com'])).toBeUndefined();
});
