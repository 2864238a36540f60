/** Exponential backoff with full jitter, so that callers do not retry at the same time. */

/** The bounds of pauses between attempts. */
export interface BackoffLimits {
  /** Longest pause after the first failure, in milliseconds. */
  firstMs: number;
  /** Longest pause after any number of failures, in milliseconds. */
  mostMs: number;
}

/** The pause after a number of failures (at least 1), in milliseconds. `random` is in [0, 1). */
export function backoffMs(
  failures: number,
  { firstMs, mostMs }: BackoffLimits,
  random: () => number,
): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
