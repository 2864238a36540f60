/** Attached values are found again, and nothing else sees them. */

import { expect, test } from 'vitest';
import { attached } from '../../src/caching/attached.ts';

test('a value is found on its object alone, until it is replaced', () => {
  const values = attached<object, string>();
  const [one, two] = [{}, {}];
  values.set(one, 'a');
  expect([values.get(one), values.get(two)]).toEqual(['a', undefined]);
  values.set(one, 'b');
  expect(values.get(one)).toBe('b');
});

test('each has its own values', () => {
  const [first, second] = [attached<object, string>(), attached<object, string>()];
  const object = {};
  first.set(object, 'a');
  expect(second.get(object)).toBeUndefined();
});

test('a copy, JSON and a comparison are without them', () => {
  const values = attached<object, string>();
  const object = { a: 1 };
  values.set(object, 'secret');
  expect(values.get({ ...object })).toBeUndefined();
  expect(values.get(structuredClone(object))).toBeUndefined();
  expect(JSON.stringify(object)).toBe('{"a":1}');
  expect(object).toEqual({ a: 1 });
});
