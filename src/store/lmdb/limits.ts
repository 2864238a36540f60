/** Limits of the embedded store. src/server/limits.ts sets the configured ones. */

/** Limits of the embedded store. */
export interface LmdbLimits {
  /** Most processes and threads that read concurrently. */
  readersMax: number;
  /** Most expired request ids and ended sessions that are deleted with each new one. */
  prunedMax: number;
  /** Interval at which a failed store is tried again, in milliseconds. */
  probeMs: number;
  /** What is written to see whether the disk has room again, in bytes. */
  probeBytes: number;
  /** How long cached records stay valid when the feed cannot be read, in milliseconds. */
  leaseMs: number;
  /** Interval at which the feed polls for changes of other processes, in milliseconds. */
  feedLookMs: number;
  /** Most changes that are reported one by one; more of them invalidate everything. */
  feedEntriesMax: number;
  /** Most bytes that the remembered tail of the audit log may take. */
  tailBytesMax: number;
  /** How long an entry of the audit log is remembered, in milliseconds. */
  tailMsMax: number;
  /** How many of its last entries are remembered whatever their age. */
  tailEntriesMin: number;
  /** Access tokens whose uses are added in one transaction. */
  usageBatch: number;
  /** Counts of limits that are added in one transaction. */
  limitBatch: number;
  /** Counts of limits that are looked at in each such transaction, to remove those that are over. */
  limitSweep: number;
}

/** Limits that no setting changes. */
export const fixedLmdbLimits = {
  /** Above the 64 workers that there can be, and programs that make backups. */
  readersMax: 512,
  /** Deleting more would delay the change; fewer would let them accumulate. */
  prunedMax: 8,
  /** Soon enough after space was freed on a full disk. */
  probeMs: 1000,
  /** More than one change needs, so that some can be made once it was written. */
  probeBytes: 65_536,
  /** Four polls within the shortest lease, which is 100 ms. */
  feedLookMs: 25,
  /** Reading more entries would take longer than reading the used records again. */
  feedEntriesMax: 10_000,
  /** Some ten thousand changes. */
  tailBytesMax: 4 * 1024 * 1024,
  /** Within a day someone notices a store that stays down. */
  tailMsMax: 24 * 60 * 60 * 1000,
  tailEntriesMin: 1000,
  /** Half a millisecond of work, for which verdicts wait. */
  usageBatch: 200,
  limitBatch: 100,
  limitSweep: 20,
} as const satisfies Partial<LmdbLimits>;
