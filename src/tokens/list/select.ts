/** Finds a page of the directory, and what access tokens have in common. */

import { rest } from '../../timing/slices.ts';
import type { Passes } from './filter.ts';
import type { Listed } from './listed.ts';
import type { ListOrder, Place } from './order.ts';

/** Entries that are looked at between two looks at the time: a small part of a millisecond. */
const stretch = 256;

/** A page of the directory. */
export interface Selected {
  /** Where the access tokens of the page stand, in order. */
  places: Place[];
  /** Whether others follow. */
  hasMore: boolean;
  /** How many match in all, on whichever page. */
  matching: number;
}

/** The first matching entries behind a place (undefined for the start), `limit` at most. */
export async function select(
  entries: Iterable<Listed>,
  { passes, order, limit }: { passes: Passes; order: ListOrder; limit: number },
  after: Place | undefined,
): Promise<Selected> {
  const found: Place[] = [];
  let matching = 0;
  await inStretches(entries, listed => {
    if (!passes(listed)) return;
    matching++;
    const place = order.placeOf(listed);
    if (after !== undefined && order.compare(place, after) <= 0) return;
    const worst = found[limit];
    if (worst !== undefined && order.compare(place, worst) >= 0) return;
    insert(found, place, order);
    // One more than the page tells that others follow.
    if (found.length > limit + 1) found.pop();
  });
  return { places: found.slice(0, limit), hasMore: found.length > limit, matching };
}

function insert(found: Place[], place: Place, order: ListOrder): void {
  let low = 0;
  let high = found.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order.compare(found[middle] as Place, place) < 0) low = middle + 1;
    else high = middle;
  }
  found.splice(low, 0, place);
}

/** How many entries have each value, among those that `passes` lets through. */
export async function countValues(
  entries: Iterable<Listed>,
  passes: Passes,
  valuesOf: (listed: Listed) => readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await inStretches(entries, listed => {
    if (!passes(listed)) return;
    for (const value of valuesOf(listed)) counts.set(value, (counts.get(value) ?? 0) + 1);
  });
  return counts;
}

async function inStretches(entries: Iterable<Listed>, look: (listed: Listed) => void) {
  let left = stretch;
  for (const listed of entries) {
    look(listed);
    if (--left > 0) continue;
    left = stretch;
    await rest();
  }
}
