import { expect, test } from 'vitest';
import { allAwaitable, mapAwaitable } from '../../src/store/awaitable.ts';

const add = (value: number, more: number) => value + more;
const rescue = (_error: unknown, more: number) => more;

test('continues at once with a value', () => {
  expect(mapAwaitable(1, value => value + 1)).toBe(2);
  expect(mapAwaitable(1, add, undefined, 10)).toBe(11);
});

test('continues later with a promise', async () => {
  const later = mapAwaitable(Promise.resolve(1), add, rescue, 10);
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(11);
});

test('what is thrown at once reaches the caller, what is thrown later the handler', async () => {
  const fail = () => {
    throw new Error('fails');
  };
  expect(() => mapAwaitable(1, fail, rescue, 10)).toThrow('fails');
  expect(await mapAwaitable(Promise.resolve(1), fail, rescue, 10)).toBe(10);
  expect(await mapAwaitable(Promise.reject(new Error('lost')), add, rescue, 10)).toBe(10);
  await expect(
    mapAwaitable(Promise.reject(new Error('lost')), add, undefined, 10),
  ).rejects.toThrow();
});

test('all values are there at once where all are known, else in their order', async () => {
  expect(allAwaitable([1, 2])).toEqual([1, 2]);
  const later = allAwaitable<number>([Promise.resolve(1), 2]);
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toEqual([1, 2]);
});
