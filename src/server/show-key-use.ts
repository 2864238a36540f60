/** Shows each count of what depends on which master key in the metrics. */

import { addUses, type CountKeyUse, type KeyUse } from '../tokens/key-use.ts';

/** Counts under way that are remembered; others are counted and not shown. */
const countsMax = 8;

/**
 * Sums up the pages of each count, and shows the sum of one that came to its end. To count for the metric alone
 * would read the whole store.
 */
export function showKeyUse(
  count: CountKeyUse,
  show: (uses: readonly KeyUse[]) => void,
): CountKeyUse {
  /** What was counted before a page, by where the page starts. */
  const sums = new Map<string, readonly KeyUse[]>();
  return async place => {
    const before = place === '' ? [] : sums.get(place);
    const page = await count(place);
    sums.delete(place);
    if (before === undefined) return page;
    const sum = addUses(before, page.uses);
    if (page.next === undefined) show(sum);
    else sums.set(page.next, sum);
    for (const oldest of sums.keys()) {
      if (sums.size <= countsMax) break;
      sums.delete(oldest);
    }
    return page;
  };
}
