/** Limits of the coherent cache. src/server/limits.ts sets the configured ones. */

/** Limits of the coherent cache. */
export interface CoherentLimits {
  /** Most cached records. */
  entriesMax: number;
  /** Most ids cached as unknown; counted apart from records, so that a flood evicts no record. */
  absentMax: number;
  /** Most concurrent reads of the store; further ones are refused as unavailable. */
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
