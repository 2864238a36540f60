/** A cache that is bounded in bytes and fair between owners. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFairCache } from '../../src/caching/fair-cache.ts';

const bytesMax = 100_000;
/** Large beside what the cache itself needs for an entry. */
const bytes = 4000;

function cacheOf(entriesMax = 1000) {
  const cache = createFairCache<number, object>({ bytesMax, entriesMax });
  const things = new Map<string, object>();
  const sharedBy = (owner: string) => {
    const thing = things.get(owner) ?? {};
    things.set(owner, thing);
    return { value: thing, bytes: 0 };
  };
  let added = 0;
  const add = (owner: string, count: number) =>
    Array.from({ length: count }, () => {
      const key = `${owner}-${added++}`;
      cache.set(key, { value: added, bytes }, owner, sharedBy(owner));
      return key;
    });
  const held = (keys: string[]) => keys.filter(key => cache.get(key) !== undefined).length;
  return { cache, add, held, things, sharedBy };
}

test('an owner alone may use all of the memory, and never more', () => {
  const { cache, add, held } = cacheOf();
  const keys = add('a', 50);
  expect(held(keys)).toBe(23);
  expect(held(keys.slice(-23))).toBe(23);
  expect(cache.bytes).toBeGreaterThan(bytesMax * 0.9);
  expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
});

test('a new entry stays although all others are in use', () => {
  const { cache, add, held } = cacheOf();
  const used = Array.from({ length: 20 }, (_, owner) => add(`owner ${owner}`, 1)).flat();
  for (let round = 0; round < 10; round++) {
    held(used);
    expect(held(add('new', 1))).toBe(1);
  }
  expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
});

describe('an owner with more than its share', () => {
  test('cannot push out those who have less', () => {
    const { add, held } = cacheOf();
    const others = ['b', 'c', 'd'].flatMap(owner => add(owner, 5));
    add('a', 500);
    expect(held(others)).toBe(15);
  });
  test('makes room for those who come later', () => {
    const { add, held } = cacheOf();
    const flood = add('a', 500);
    const others = ['b', 'c', 'd'].flatMap(owner => add(owner, 5));
    expect(held(others)).toBe(15);
    expect(held(flood)).toBeLessThanOrEqual(8);
    expect(held(flood.slice(-5))).toBe(5);
  });
  test('loses what it has not used for longest', () => {
    const { cache, add, held } = cacheOf();
    const [used = '', unused = ''] = add('a', 23);
    expect(cache.get(used)).toBeDefined();
    add('a', 1);
    expect([held([used]), held([unused])]).toEqual([1, 0]);
  });
});

test('among owners within their shares, the least recently used entry goes', () => {
  const { add, held } = cacheOf();
  const keys = Array.from({ length: 30 }, (_, n) => add(`owner-${n}`, 1)).flat();
  expect(held(keys)).toBe(22);
  expect(held(keys.slice(-22))).toBe(22);
});

test('an entry beyond the share of an owner is not kept, and pushes out none', () => {
  const { cache, add, held, sharedBy } = cacheOf();
  const [key = '', ...others] = add('a', 5);
  cache.set(key, { value: 0, bytes: bytesMax / 4 + 1 }, 'a', sharedBy('a'));
  expect([held([key]), held(others)]).toEqual([0, 4]);
});

test('the number of entries is bounded as well', () => {
  const { add, held } = cacheOf(3);
  expect(held(add('a', 5))).toBe(3);
});

test('obsolete entries go with the next ones, and before all others', () => {
  const { cache, add, held, things } = cacheOf();
  const others = add('b', 12);
  const old = add('a', 10);
  things.delete('a');
  const fresh = add('a', 1);
  expect(held(old)).toBe(8);
  cache.set('large', { value: 0, bytes: 5 * bytes }, 'c', { value: {}, bytes: 0 });
  expect([held(old), held(others), held(fresh)]).toEqual([5, 12, 1]);
  add('d', 3);
  expect(held(old)).toBe(0);
});

test('what is shared weighs once, and goes with the last entry', () => {
  const cache = createFairCache<number, object>({ bytesMax, entriesMax: 1000 });
  const shared = { value: {}, bytes: 10_000 };
  cache.set('1', { value: 1, bytes: 0 }, 'a', shared);
  cache.set('2', { value: 2, bytes: 0 }, 'a', shared);
  expect(cache.shared('a')).toBe(shared.value);
  expect(cache.bytes).toBeLessThan(11_000);
  cache.delete('1');
  expect(cache.bytes).toBeGreaterThan(10_000);
  cache.delete('2');
  expect([cache.bytes, cache.shared('a')]).toEqual([0, undefined]);
});

test('whatever happens, the weight is that of what is held, and within the limit', () => {
  const step = fc.record({
    what: fc.constantFrom('set', 'set', 'set', 'delete', 'retire', 'renew', 'get', 'clear'),
    key: fc.integer({ min: 0, max: 40 }),
    owner: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    weight: fc.integer({ min: 0, max: 30_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const { cache, things, sharedBy } = cacheOf();
      const keys = Array.from({ length: 41 }, (_, key) => String(key));
      for (const { what, key, owner, weight } of steps) {
        const name = String(key);
        if (what === 'set') cache.set(name, { value: key, bytes: weight }, owner, sharedBy(owner));
        else if (what === 'delete') cache.delete(name);
        else if (what === 'retire') cache.retire(owner);
        else if (what === 'renew') things.delete(owner);
        else if (what === 'get') expect(cache.get(name) ?? key).toBe(key);
        else if (weight < 1000) cache.clear();
        expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
      }
      for (const key of keys) cache.delete(key);
      expect(cache.bytes).toBe(0);
    }),
  );
});
