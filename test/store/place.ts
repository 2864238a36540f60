/** Where the store of the test suite is, and how it is opened. */

import { storeAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { patient, storeLimits } from '../limits.ts';
import { testSeal } from '../seal.ts';
import { until } from '../until.ts';
import { takesChanges } from './takes-changes.ts';

/** Where a store keeps its data. */
export interface StorePlace {
  /** The URL by which the store is opened. */
  readonly url: string;
  /** Removes all data; the store is not open. */
  clear(): Promise<void>;
  /** Stops the servers that were started. */
  stop(): Promise<void>;
}

/** The store that is open during a test. */
export interface Opened {
  store: Store;
  place: StorePlace;
}

/** Opens the store at a place, and waits until it takes changes. */
export async function openPlace(place: StorePlace): Promise<Store> {
  const store = await openStore(storeAddress(place.url), {
    now: Date.now,
    seal: testSeal,
    limits: storeLimits({ redis: { ...patient, intentAgeMs: 200, sweepIntervalMs: 200 } }),
  });
  await until(() => takesChanges(store));
  return store;
}
