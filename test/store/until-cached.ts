/** Waits until a store answers from its cache. */

import type { Found, Store } from '../../src/store/store.ts';
import { until } from '../until.ts';

/** Reads an id until the answer comes from the cache: a record, or that there is none. */
export async function untilCached(store: Store, id: string): Promise<Found> {
  let found: Found | undefined;
  await until(async () => {
    found = await store.find(id);
    return found.record === undefined || store.isCurrent(found);
  });
  if (found === undefined) throw new Error('not found');
  return found;
}
