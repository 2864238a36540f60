/** Counts of limits, which replicas share: a part of the suite that every store must pass. */

import { expect, test } from 'vitest';
import { type LimitDelta, overSlotsMax } from '../../src/store/limit-counts.ts';
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

  test('slots that are over are removed, save for the latest of them', async () => {
    for (let slot = 1; slot <= 100; slot++) {
      await count('a', delta({ added: [[slot, 1]], sequence: slot, oldest: slot - 1 }));
    }
    const kept = await count('b', delta());
    const latest = Array.from({ length: overSlotsMax + 2 }, (_, n) => 100 - n).reverse();
    expect(kept).toEqual([totals(...latest.map((slot): [number, number] => [slot, 1]))]);
  });

  test('a replica whose clock is far ahead removes no count of the others', async () => {
    await count('a', delta({ added: [[5, 40]], counter: 'month', oldest: 4 }));
    for (const [sequence, slot] of [29, 31, 60].entries()) {
      const ahead = delta({ added: [[slot, 1]], counter: 'month', oldest: slot - 1, sequence });
      await count('b', ahead);
      await count('b', { ...ahead, added: [], sequence: sequence + 1 });
    }
    // It had counted some of them before its clock went wrong.
    await count('b', delta({ added: [[5, 2]], counter: 'month', oldest: 59, sequence: 9 }));
    const [sums] = await count('c', delta({ counter: 'month', oldest: 4 }));
    expect(sums?.slots[0]).toEqual([5, 42]);
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
