/** Waits until a store answers from its cache. */

import type { Found, Store } from '../../src/store/store.ts';
import { until } from '../until.ts';

/** Finds what is then believed: what is there, or that nothing is. */
export async function untilCached(store: Store, id: string): Promise<Found> {
  let found: Found | undefined;
  await until(async () => {
    found = await store.find(id);
    return found.record === undefined || store.isCurrent(found);
  });
  if (found === undefined) throw new Error('not found');
  return found;
}
