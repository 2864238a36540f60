/** Usage counts per day, limited to the latest days. */

import type { Usage, UsageDelta } from '../store.ts';

/** Days that a store keeps; the API shows 30. */
export const usageDaysMax = 32;

/** Adds a delta, and drops the oldest days beyond the limit. */
export function addUsageDays(usage: Usage, delta: UsageDelta): Usage {
  const days = { ...usage.days, [delta.date]: (usage.days[delta.date] ?? 0) + delta.count };
  for (const date of Object.keys(days).sort().slice(0, -usageDaysMax)) delete days[date];
  return { days, lastUsedAt: Math.max(usage.lastUsedAt ?? 0, delta.lastUsedAt) };
}
