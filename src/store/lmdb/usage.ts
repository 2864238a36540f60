/** Counts uses of access tokens in the embedded store. */

import { addUsageDays } from '../format/usage-days.ts';
import type { Usage, UsageDelta } from '../store.ts';
import type { Tables } from './tables.ts';

/**
 * As UsageCounter.addUsage, in transactions of at most `batch` deltas, since verdicts wait for each. They
 * are in the order of the table: then hardly a page is written by two of them.
 */
export async function addUsage(
  tables: Tables,
  deltas: readonly UsageDelta[],
  batch: number,
  write: (action: () => void) => Promise<void>,
): Promise<UsageDelta[]> {
  const ordered = deltas.toSorted((a, b) => (a.tokenId < b.tokenId ? -1 : 1));
  for (let from = 0; from < ordered.length; from += batch) {
    try {
      await write(() => {
        for (const delta of ordered.slice(from, from + batch)) addOne(tables, delta);
      });
    } catch (error) {
      if (from === 0) throw error;
      return ordered.slice(from);
    }
  }
  return [];
}

function addOne(tables: Tables, delta: UsageDelta): void {
  const usage = addUsageDays(usageOf(tables, delta.tokenId), delta);
  tables.usage.put(delta.tokenId, JSON.stringify(usage));
}

/** The usage of an access token; without days for one that was never used. */
export function usageOf(tables: Tables, id: string): Usage {
  const text = tables.usage.get(id);
  return text === undefined ? { days: {} } : (JSON.parse(text) as Usage);
}
