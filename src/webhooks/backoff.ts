/** When a delivery that failed is attempted again. */

/** The first pause; each further one is three times as long, up to the last. */
const firstPauseMs = 5000;
const pauseMsMax = 3 * 3_600_000;

/**
 * When to try again after so many failed attempts: after 5 s, 15 s, 45 s, … up to 3 h, each up to 20 %
 * longer, so that receivers are not asked for all of them at the same time. Undefined when that is more
 * than `retryMs` after the first attempt. `random` is from 0 up to 1.
 */
export function nextAttemptAt(tried: {
  /** Attempts so far, at least 1. */
  attempts: number;
  /** When the first one began, in milliseconds since 1970. */
  firstAt: number;
  now: number;
  retryMs: number;
  random: number;
  /** For how long the receiver asked to wait, in milliseconds; absent when it did not. */
  retryAfterMs?: number;
}): number | undefined {
  const { attempts, firstAt, now, retryMs, random, retryAfterMs = 0 } = tried;
  const pauseMs = Math.min(firstPauseMs * 3 ** (attempts - 1), pauseMsMax);
  const asked = Math.min(retryAfterMs, pauseMsMax);
  const next = now + Math.max(pauseMs, asked) * (1 + 0.2 * random);
  return next > firstAt + retryMs ? undefined : Math.round(next);
}
