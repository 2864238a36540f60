/** Pauses between attempts: exponential, with full jitter, so that callers do not come back at once. */

/** How long to pause. */
export interface BackoffLimits {
  /** Longest pause after the first failure, in milliseconds. */
  firstMs: number;
  /** Longest pause at all, in milliseconds. */
  mostMs: number;
}

/** The pause after so many failures, in milliseconds. `random` is in [0, 1). */
export function backoffMs(
  failures: number,
  { firstMs, mostMs }: BackoffLimits,
  random: () => number,
): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
