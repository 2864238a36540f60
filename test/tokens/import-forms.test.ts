/** Under which forms imported tokens are looked up. */

import { expect, test } from 'vitest';
import { formsOf } from '../../src/tokens/import-forms.ts';

const plain = (length: number, masterKeyId = 'k1') => ({
  ...{ item: { hash: 'sha256' as const, length }, masterKeyId },
});
const hashed = { item: { hash: 'sha256' as const }, masterKeyId: 'k1' };
const form = (length?: number, masterKeyId = 'k1') => ({
  ...{ hash: 'sha256' as const, masterKeyId },
  ...(length === undefined ? {} : { length }),
});

test('each length once, as long as they are few', () => {
  expect(formsOf([plain(30), plain(31), plain(30)], [], 2)).toEqual([form(30), form(31)]);
  expect(formsOf([plain(30), plain(31), plain(32)], [], 2)).toEqual([form()]);
});

test('lengths of earlier imports count, under the same master key alone', () => {
  expect(formsOf([plain(32)], [form(30), form(31)], 2)).toEqual([form()]);
  expect(formsOf([plain(31)], [form(30), form(31)], 2)).toEqual([form(31)]);
  expect(formsOf([plain(32)], [form(30, 'k0'), form(31, 'k0')], 2)).toEqual([form(32)]);
});

test('tokens of which only the hash is known have no length that counts', () => {
  expect(formsOf([plain(30), plain(31), hashed], [], 2)).toEqual([form(30), form(31), form()]);
  expect(formsOf([plain(30), plain(31)], [form()], 2)).toEqual([form(30), form(31)]);
});
