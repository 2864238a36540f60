/** Removes what the embedded store keeps for a while. */

import type { Tables } from './tables.ts';

/** Removes expired entries, oldest first, at most `most`. Must run inside a write transaction. */
export function prune(
  entries: Tables['requests'],
  ends: Tables['requestEnds'],
  now: number,
  most: number,
): void {
  for (const end of [...ends.getKeys({ end: [now, ''], limit: most })]) {
    ends.remove(end);
    entries.remove(end[1]);
  }
}
