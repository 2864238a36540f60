/** Counts of limits, which replicas share: a part of the suite that every store must pass. */

import { expect, test } from 'vitest';
import type { LimitDelta } from '../../src/store/limit-counts.ts';
import { type Opened, openPlace } from './place.ts';

const delta = (fields: Partial<LimitDelta> = {}): LimitDelta => ({
  ...{ tokenId: 't1', counter: 'rate-60', sequence: 1, added: [], known: [] },
  ...{ oldest: 0, keepMs: 60_000, ...fields },
});

/** Registers it. */
export function describeLimits(opened: Opened): void {
  const count = async (replica: string, ...deltas: LimitDelta[]) => {
    const totals = await opened.store.countLimits(replica, deltas);
    return totals.map(each => each && { ...each, slots: each.slots.toSorted(([a], [b]) => a - b) });
  };
  const totals = (...slots: [number, number][]) => ({ slots, isBroken: false });

  test('what replicas counted is summed by slot, and those that ask get the sums', async () => {
    const added: [number, number][] = [
      [7, 2],
      [8, 1],
    ];
    expect(await count('a', delta())).toEqual([totals()]);
    expect(await count('a', delta({ added }))).toEqual([totals([7, 2], [8, 1])]);
    const more: [number, number][] = [[8, 5]];
    expect(await count('b', delta({ added: more }))).toEqual([totals([7, 2], [8, 6])]);
    expect(await count('a', delta({ sequence: 2 }))).toEqual([totals([7, 2], [8, 6])]);
    expect(await count('a', delta({ counter: 'day' }), delta({ tokenId: 't2' }))).toEqual([
      totals(),
      totals(),
    ]);
  });

  test('many counters in one call are answered in order', async () => {
    const all = Array.from({ length: 450 }, (_, n) =>
      delta({ tokenId: `t${n % 7}`, counter: `day/${n}`, added: [[n, n + 1]] }),
    );
    expect(await count('a', ...all)).toEqual(all.map((_, n) => totals([n, n + 1])));
  });

  test('slots before the oldest one are removed', async () => {
    await count('a', delta({ added: [[1, 1]] }), delta({ added: [[2, 1]], sequence: 2 }));
    const [sums] = await count('a', delta({ added: [[9, 1]], sequence: 3, oldest: 2 }));
    expect(sums).toEqual(totals([2, 1], [9, 1]));
    expect(await count('b', delta())).toEqual([totals([2, 1], [9, 1])]);
  });

  test('a store that has less than a replica knows takes that for the sum', async () => {
    await count('a', delta({ added: [[5, 1]] }));
    const lost = delta({ added: [[5, 1]], known: [[5, 40]], sequence: 2 });
    expect(await count('a', lost)).toEqual([totals([5, 41])]);
    const lower = delta({ added: [[5, 1]], known: [[5, 10]] });
    expect(await count('b', lower)).toEqual([totals([5, 42])]);
  });

  test('counts are there after the store was opened again, as large as a number can be', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    await count('a', delta({ added: [[35_000_000_000, most - 1]], counter: 'month' }));
    await opened.store.close();
    opened.store = await openPlace(opened.place);
    const more = delta({ added: [[35_000_000_000, 5]], counter: 'month', sequence: 2 });
    expect(await count('a', more)).toEqual([totals([35_000_000_000, most])]);
  });
}
