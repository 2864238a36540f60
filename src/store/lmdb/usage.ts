/** Counts uses in the embedded store. */

import { addUsageDays } from '../format/usage-days.ts';
import type { Usage, UsageDelta } from '../store.ts';
import type { Tables } from './tables.ts';

/** As UsageCounter.addUsage. Must run inside a write transaction. */
export function addUsage(tables: Tables, deltas: UsageDelta[]): UsageDelta[] {
  for (const delta of deltas) {
    const usage = addUsageDays(usageOf(tables, delta.tokenId), delta);
    tables.usage.put(delta.tokenId, JSON.stringify(usage));
  }
  return [];
}

/** The usage of an access token. */
export function usageOf(tables: Tables, id: string): Usage {
  const text = tables.usage.get(id);
  return text === undefined ? { days: {} } : (JSON.parse(text) as Usage);
}
