/** Usage counts per day, limited to the latest days. */

import type { Usage, UsageDelta } from '../store.ts';

/** Days that a store keeps; the API shows 30. */
export const usageDaysMax = 32;

/** Adds a delta, and drops the oldest days beyond the limit. */
export function addUsageDays(usage: Usage, delta: UsageDelta): Usage {
  const days = { ...usage.days, [delta.date]: (usage.days[delta.date] ?? 0) + delta.count };
  for (const date of Object.keys(days).sort().slice(0, -usageDaysMax)) delete days[date];
  const { lastUsedAt: before = 0 } = usage;
  const { lastUsedFrom } = delta.lastUsedAt < before ? usage : delta;
  const lastUsedAt = Math.max(before, delta.lastUsedAt);
  return { days, lastUsedAt, ...(lastUsedFrom !== undefined && { lastUsedFrom }) };
}
