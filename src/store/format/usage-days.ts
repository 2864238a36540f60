/** Counts per day, of which only the latest are kept. */

import type { Usage, UsageDelta } from '../store.ts';

/** Days that are kept; the API shows 30. */
export const usageDaysMax = 32;

/** Adds a delta, and forgets the days that are too old. */
export function addUsageDays(usage: Usage, delta: UsageDelta): Usage {
  const days = { ...usage.days, [delta.date]: (usage.days[delta.date] ?? 0) + delta.count };
  for (const date of Object.keys(days).sort().slice(0, -usageDaysMax)) delete days[date];
  return { days, lastUsedAt: Math.max(usage.lastUsedAt ?? 0, delta.lastUsedAt) };
}
