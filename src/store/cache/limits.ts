/** Limits of the coherent cache. src/server/limits.ts sets the configured ones. */

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
   * How long later requests may share a read in progress, in milliseconds. At most the feed's
   * lease: if this process stalled, the answer may have arrived before a revocation.
   */
  sharedMsMax: number;
  /**
   * How long a cached record is served as stale while the store is down, in milliseconds since it
   * was last known to be current. 0: not at all.
   */
  staleMaxMs: number;
  /**
   * How long a cached record is valid with a feed of messages, in milliseconds: such a feed does
   * not report changes that another program makes in the store.
   */
  messagesAgeMsMax: number;
}

/** Limits that no setting changes. */
export const fixedCoherentLimits = {
  /** More concurrent reads would only wait for the same store. */
  readsMax: 1000,
  /** Not above USHER_LEASE_MS, which is at least 100 ms. */
  sharedMsMax: 100,
  /** Only Usher should write to its store, so this rarely matters; two reads a minute are cheap. */
  messagesAgeMsMax: 30_000,
} as const satisfies Partial<CoherentLimits>;
