/** Limits of jobs. src/server/limits.ts sets the configured ones. */

/** Limits of jobs. */
export interface JobLimits {
  /** Acts in a second, per replica; revocations are not held back. */
  actsPerSecond: number;
  /** How long a job is kept, in days. */
  days: number;
  /** Acts that are under way at a time. */
  actsAtOnce: number;
  /** Access tokens of one document. */
  chunkSize: number;
  /** Access tokens that a job may name by their ids. */
  idsMax: number;
  /** Access tokens of one job. */
  tokensMax: number;
  /** Unfinished jobs at a time. */
  openMax: number;
  /** How long a counted job waits for its start, in milliseconds. */
  startMs: number;
  /**
   * How long after its start a job may act, in milliseconds: less than its request ids are kept, by which
   * nothing is done twice.
   */
  runMs: number;
  /** How long its secrets can be read after its end, in milliseconds. */
  secretsMs: number;
  /** How long a process has a job without a sign of life, in milliseconds. */
  leaseMs: number;
  /** How often it gives one, which is also how often progress is written, in milliseconds. */
  beatMs: number;
  /** How often open jobs are looked for, in milliseconds. */
  lookMs: number;
}

/** Limits that no setting changes. */
export const fixedJobLimits = {
  /** More would not be faster: a store writes what comes at a time together. */
  actsAtOnce: 32,
  chunkSize: 200,
  idsMax: 10_000,
  tokensMax: 500_000,
  openMax: 50,
  startMs: 900_000,
  runMs: 72_000_000,
  secretsMs: 3_600_000,
  leaseMs: 10_000,
  beatMs: 1000,
  lookMs: 2000,
} as const satisfies Partial<JobLimits>;
