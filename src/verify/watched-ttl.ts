/**
 * How long a caller that watches invalidations may reuse a verdict: until the clock changes it.
 */

import type { Proven } from './proof-cache.ts';
import type { Reason } from './verdict.ts';

/** The longest such time, in milliseconds. */
const watchedTtlMsMax = 24 * 60 * 60 * 1000;

/**
 * The time in milliseconds; undefined when time never changes the verdict. `reason` is undefined
 * for a valid token, `now` is in milliseconds since 1970, and `freshMs` is how long the record
 * may be cached.
 */
export function watchedTtlMs(
  { identity, provenUntil }: Pick<Proven, 'identity' | 'provenUntil'>,
  reason: Reason | undefined,
  now: number,
  freshMs: number = Number.POSITIVE_INFINITY,
): number | undefined {
  if (reason === 'NOT_YET_VALID' || reason === 'RATE_LIMITED') return 0;
  // Its `exp` is too far ahead. Without `iat`, it comes within the longest lifetime by time alone.
  if (reason === 'MALFORMED_CLAIM' && identity.claims && (identity.claims.iat ?? null) === null) {
    return 0;
  }
  // `exp` is in whole seconds: within its last second, a valid token can be past it.
  const expMs = identity.exp === 0 ? Number.POSITIVE_INFINITY : identity.exp * 1000;
  const isOver = (end: number) => reason !== undefined && end <= now;
  const endsMs = Math.min(
    isOver(expMs) ? Number.POSITIVE_INFINITY : expMs,
    isOver(provenUntil) ? Number.POSITIVE_INFINITY : provenUntil,
  );
  const leftMs = Math.min(endsMs - now, freshMs);
  return leftMs === Number.POSITIVE_INFINITY ? undefined : coarse(Math.max(0, leftMs));
}

/**
 * Rounds down to a few steps, so that the same verdict, and its encoded form, serves many calls.
 */
function coarse(ms: number): number {
  if (ms >= watchedTtlMsMax) return watchedTtlMsMax;
  const step = 2 ** Math.max(0, 27 - Math.clz32(ms));
  return Math.floor(ms / step) * step;
}
