/** Limits of counting. src/server/limits.ts sets the configured ones. */

/** Limits of sharing counts through the store. */
export interface SharingLimits {
  /** How often counts are sent, in milliseconds. */
  syncMs: number;
  /** How soon a new counter is read, in milliseconds. */
  firstMs: number;
  /** How old the totals of a counter in use get, in milliseconds. */
  refreshMs: number;
  /** For how long a counter counts as in use, in milliseconds. */
  inUseMs: number;
  /** After how long without a request a counter that the store has is dropped, in milliseconds. */
  forgetMs: number;
  /** Most counters that are sent, refreshed or looked at in one round. */
  perRoundMax: number;
  /** For how long counts may wait for the store before a warning is logged, in milliseconds. */
  tellMs: number;
}

/** Limits that no setting changes. */
export const fixedSharingLimits = {
  /** Long enough to collect the counters of a burst. */
  firstMs: 5,
  /** What replicas that are not asked themselves know of the others. */
  refreshMs: 1000,
  inUseMs: 120_000,
  forgetMs: 600_000,
  /** Some milliseconds of work, for which verdicts wait. */
  perRoundMax: 500,
  tellMs: 2000,
} as const satisfies Partial<SharingLimits>;
