/** The counts of limits in the embedded store: removed when they are over, and whole or ignored. */

import { expect, test } from 'vitest';
import type { LimitDelta } from '../../../src/store/limit-counts.ts';
import { lmdbLimitCounts } from '../../../src/store/lmdb/limit-counts.ts';
import type { Tables } from '../../../src/store/lmdb/tables.ts';
import { defaultLimits } from '../../limits.ts';

const delta = (fields: Partial<LimitDelta> = {}): LimitDelta => ({
  ...{ tokenId: 't1', counter: 'day', sequence: 1, added: [[5, 1]], known: [] },
  ...{ oldest: 0, keepMs: 1000, ...fields },
});

/** A table in memory, in whose transactions after `okCount` there is no room. */
function counting(okCount = Number.POSITIVE_INFINITY) {
  const table = new Map<string, string>();
  const nameOf = (key: string[]) => key.join(' ');
  const clock = { now: 0 };
  let writes = 0;
  const limits = {
    get: (key: string[]) => table.get(nameOf(key)),
    put: (key: string[], value: string) => void table.set(nameOf(key), value),
    remove: (key: string[]) => void table.delete(nameOf(key)),
    getKeys: ({ start, limit }: { start: string[]; limit: number }) =>
      [...table.keys()]
        .toSorted()
        .filter(key => key >= nameOf(start))
        .slice(0, limit)
        .map(key => key.split(' ')),
  };
  const access = {
    read: <T>(ask: () => T) => ask(),
    async write<T>(action: () => T) {
      if (++writes > okCount) throw new Error('full');
      return action();
    },
  };
  const tables = { limits } as unknown as Tables;
  const bounds = { ...defaultLimits.store.lmdb, limitBatch: 3, limitSweep: 2 };
  const { countLimits } = lmdbLimitCounts(tables, bounds, access, () => clock.now);
  return { table, clock, count: (...deltas: LimitDelta[]) => countLimits('a', deltas) };
}

test('counts that are over are removed, a few with each transaction', async () => {
  const { table, clock, count } = counting();
  await count(...Array.from({ length: 9 }, (_, n) => delta({ tokenId: `t${n}` })));
  clock.now = 500;
  await count(delta({ tokenId: 't4' }));
  clock.now = 1200;
  for (let n = 0; n < 10; n++) await count(delta({ tokenId: 'z', sequence: n }));
  expect([...table.keys()]).toEqual(['t4 day', 'z day']);
});

test('what is no count is ignored and told', async () => {
  for (const text of ['', 'null', '[]', '7', '{"counts":null,"until":1}', '{"counts":{"5":1}}']) {
    const { table, count } = counting();
    table.set('t1 day', text);
    const [totals] = await count(delta());
    expect(totals?.isBroken, text).toBe(true);
    expect(await count(delta({ added: [] })), text).toMatchObject([{ isBroken: false }]);
  }
  const { table, count } = counting();
  table.set('t1 day', '{"counts":{"5":-1,"6":"x","x":1,"7":3},"until":2000}');
  expect(await count(delta())).toEqual([
    {
      slots: [
        [5, 1],
        [7, 3],
      ],
      isBroken: true,
    },
  ]);
});

test('what a later transaction could not add is left to the caller', async () => {
  const { count } = counting(1);
  const all = Array.from({ length: 5 }, (_, n) => delta({ tokenId: `t${n}` }));
  const totals = await count(...all);
  expect(totals.map(each => each !== undefined)).toEqual([true, true, true, false, false]);
  await expect(counting(0).count(...all)).rejects.toThrow('full');
});
