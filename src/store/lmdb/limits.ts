/** Every bound of the embedded store, with its unit. What is configured: src/server/limits.ts. */

/** Bounds of the embedded store. */
export interface LmdbLimits {
  /** Reading processes and threads at once. */
  readersMax: number;
  /** Request ids and ended sessions that are over, dropped per new one. */
  prunedMax: number;
  /** How often a store that failed is tried again, in milliseconds. */
  probeMs: number;
  /** What is written to see whether the disk has room again, in bytes. */
  probeBytes: number;
  /** How long a feed that cannot be read is believed, in milliseconds: the bound of a revocation. */
  leaseMs: number;
  /** How often the feed looks for changes of other processes, in milliseconds. */
  feedLookMs: number;
  /** Changes that are told one by one; when there were more, all may have changed. */
  feedEntriesMax: number;
}

/** Bounds that no deployment sets. */
export const fixedLmdbLimits = {
  /** Above the 64 workers that there can be, and what backs them up. */
  readersMax: 512,
  /** Dropping more at once would hold up the change; fewer would let them grow. */
  prunedMax: 8,
  /** A second is soon enough for a full disk that was cleared. */
  probeMs: 1000,
  /** More than one change needs, so that some can be made once it was written. */
  probeBytes: 65_536,
  /** Four looks within the shortest lease, which is 100 ms. */
  feedLookMs: 25,
  /** Reading more than this takes longer than reading anew what is used. */
  feedEntriesMax: 10_000,
} as const satisfies Partial<LmdbLimits>;
