/** Every bound of the coherent cache, with its unit. What is configured: src/server/limits.ts. */

import type { CacheLimits } from '../../caching/weighed-cache.ts';

/** Bounds of the cache. */
export interface CoherentLimits {
  /** Of cached records. */
  records: CacheLimits;
  /** Of the records from before the feed was lost. */
  lastRecords: CacheLimits;
  /** Of ids without a record: apart, so that a flood of them evicts no record. */
  unknownIds: CacheLimits;
  /** Of the index of imported tokens. */
  imported: CacheLimits;
  /** Of the index from before the feed was lost. */
  lastImported: CacheLimits;
  /** Of what is not in the index: apart, so that a flood evicts none of its entries. */
  notImported: CacheLimits;
  /** Reads of the store at once; further ones are refused as unavailable. */
  readsMax: number;
  /**
   * How long a read under way is shared with those who ask later, in milliseconds. At most the feed's
   * lease: after a stall its answer can have lain here, unread, since before a revocation.
   */
  sharedMsMax: number;
  /**
   * How long a record that was good is used, marked stale, when the store cannot be reached, in
   * milliseconds since it was last known to be current. 0 for not at all.
   */
  staleMaxMs: number;
  /**
   * How long something read is believed, in milliseconds, where the feed is of messages: what others
   * than Usher change in the store is not told there.
   */
  messagesAgeMsMax: number;
}

/** Bounds that no deployment sets. */
export const fixedCoherentLimits = {
  /** More under way at once only wait for the same store. */
  readsMax: 1000,
  /** Not above USHER_LEASE_MS, which is 100 ms at least. */
  sharedMsMax: 100,
  /** Rare, since only Usher should write to its store; a read of each record twice a minute is cheap. */
  messagesAgeMsMax: 30_000,
} as const satisfies Partial<CoherentLimits>;
