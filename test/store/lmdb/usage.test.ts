/** Uses are added in transactions of bounded length, so that verdicts do not wait for all of them. */

import { expect, test } from 'vitest';
import type { Tables } from '../../../src/store/lmdb/tables.ts';
import { addUsage, usageOf } from '../../../src/store/lmdb/usage.ts';

const batch = 3;
const ids = ['e', 'b', 'd', 'a', 'c', 'f', 'g'];
const deltas = ids.map(tokenId => ({ tokenId, date: '2024-02-22', count: 1, lastUsedAt: 5 }));

/** Adds them where the nth transaction, and all later ones, fail. */
function adding(failsFrom: number) {
  const table = new Map<string, string>();
  const usage = { get: (id: string) => table.get(id), put: table.set.bind(table) };
  const tables = { usage } as unknown as Tables;
  const sizes: number[] = [];
  const write = async (action: () => void) => {
    if (sizes.length >= failsFrom) throw new Error('full');
    const before = table.size;
    action();
    sizes.push(table.size - before);
  };
  return { table, tables, sizes, added: addUsage(tables, deltas, batch, write) };
}

test('in the order of the table, each once', async () => {
  const { table, tables, sizes, added } = adding(Number.POSITIVE_INFINITY);
  expect(await added).toEqual([]);
  expect(sizes).toEqual([3, 3, 1]);
  expect([...table.keys()]).toEqual(ids.toSorted());
  expect(usageOf(tables, 'a')).toEqual({ days: { '2024-02-22': 1 }, lastUsedAt: 5 });
});

test('what a later transaction could not add is left to the caller', async () => {
  const { table, added } = adding(1);
  expect((await added).map(({ tokenId }) => tokenId)).toEqual(['d', 'e', 'f', 'g']);
  expect([...table.keys()]).toEqual(['a', 'b', 'c']);
});

test('if nothing was added, the failure is thrown', async () => {
  await expect(adding(0).added).rejects.toThrow('full');
});
