/** Shares the counts of limits between the worker processes of the embedded store, over restarts too. */

import {
  type LimitCounter,
  type LimitDelta,
  type LimitTotals,
  overSlotsMax,
  type SlotCount,
} from '../limit-counts.ts';
import type { LmdbLimits } from './limits.ts';
import type { Tables } from './tables.ts';

/** How the counts are read and written. */
interface Access {
  read<T>(ask: () => T): T;
  write<T>(action: () => T): Promise<T>;
}

/** What is stored for a counter. */
interface Stored {
  /** By slot. */
  counts: Record<string, number>;
  /** In milliseconds since 1970. */
  until: number;
}

/** Creates the counter. `now` is in milliseconds since 1970. */
export function lmdbLimitCounts(
  tables: Tables,
  { limitBatch, limitSweep }: LmdbLimits,
  { read, write }: Access,
  now: () => number,
): LimitCounter {
  let swept: [string, string] = ['', ''];
  /** Removes a few counters that are over, and goes on from there the next time. */
  const sweep = () => {
    const keys = [...tables.limits.getKeys({ start: swept, limit: limitSweep })];
    swept = keys.length < limitSweep ? ['', ''] : (keys.at(-1) ?? ['', '']);
    for (const key of keys) {
      if (readStored(tables.limits.get(key)).until <= now()) tables.limits.remove(key);
    }
  };
  const add = (delta: LimitDelta): LimitTotals => {
    const key: [string, string] = [delta.tokenId, delta.counter];
    const { counts, isBroken } = readStored(tables.limits.get(key));
    const known = new Map(delta.known);
    const over = Object.keys(counts)
      .map(Number)
      .filter(slot => slot < delta.oldest);
    for (const slot of over.sort(byNumber).slice(0, -overSlotsMax)) delete counts[slot];
    for (const [slot, count] of delta.added) {
      const sum = Math.max(counts[slot] ?? 0, known.get(slot) ?? 0) + count;
      counts[slot] = Math.min(sum, Number.MAX_SAFE_INTEGER);
    }
    const stored: Stored = { counts, until: Math.ceil(now() + delta.keepMs) };
    tables.limits.put(key, JSON.stringify(stored));
    return { slots: slotsOf(counts), isBroken };
  };
  const look = ({ tokenId, counter }: LimitDelta): LimitTotals => {
    const { counts, isBroken } = readStored(tables.limits.get([tokenId, counter]));
    return { slots: slotsOf(counts), isBroken };
  };

  return {
    async countLimits(_replica, deltas) {
      const asking = deltas.filter(({ added }) => added.length === 0);
      const adding = deltas.filter(({ added }) => added.length > 0);
      const totals = new Map<LimitDelta, LimitTotals>(
        read(() => asking.map(delta => [delta, look(delta)] as const)),
      );
      for (let from = 0; from < adding.length; from += limitBatch) {
        const batch = adding.slice(from, from + limitBatch);
        const added = write(() => {
          const sums = batch.map(add);
          sweep();
          return sums;
        });
        // A transaction that fails leaves no trace, so the caller may repeat all that is left.
        const sums = from === 0 ? await added : await added.catch(() => undefined);
        if (sums === undefined) break;
        for (const [n, delta] of batch.entries()) {
          const sum = sums[n];
          if (sum !== undefined) totals.set(delta, sum);
        }
      }
      return deltas.map(delta => totals.get(delta));
    },
  };
}

function byNumber(one: number, other: number): number {
  return one - other;
}

/** The counts in a stored text. What is no count is left out. */
function readStored(text: string | undefined): Stored & { isBroken: boolean } {
  if (text === undefined) return { counts: {}, until: 0, isBroken: false };
  let stored: Partial<Stored> | null = null;
  try {
    stored = JSON.parse(text) as Partial<Stored> | null;
  } catch {
    // It is replaced as a whole.
  }
  const all = Object.entries(stored?.counts ?? {});
  const good = all.filter(([slot, count]) => isCount(Number(slot)) && isCount(count));
  const { until } = stored ?? {};
  const isWhole = typeof until === 'number' && stored?.counts != null;
  return {
    counts: Object.fromEntries(good),
    until: typeof until === 'number' ? until : 0,
    isBroken: !isWhole || good.length < all.length,
  };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function slotsOf(counts: Record<string, number>): SlotCount[] {
  return Object.entries(counts).map(([slot, count]) => [Number(slot), count]);
}
