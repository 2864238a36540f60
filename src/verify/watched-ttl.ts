/** How long a verdict holds for a caller that is told of changes: until time alone ends it. */

import type { Proven } from './proof-cache.ts';
import type { Reason } from './verdict.ts';

/** Beyond this a caller asks again, whatever the token. */
const watchedTtlMsMax = 24 * 60 * 60 * 1000;

/**
 * In milliseconds; undefined when nothing ends. `reason` is undefined for a good token, and
 * `freshMs` is for how long the record is believed.
 */
export function watchedTtlMs(
  { identity, provenUntil }: Pick<Proven, 'identity' | 'provenUntil'>,
  reason: Reason | undefined,
  now: number,
  freshMs: number = Number.POSITIVE_INFINITY,
): number | undefined {
  if (reason === 'NOT_YET_VALID') return 0;
  // `exp` is in whole seconds: a good token can be beyond it already, within its last second.
  const expMs = identity.exp === 0 ? Number.POSITIVE_INFINITY : identity.exp * 1000;
  const isOver = (end: number) => reason !== undefined && end <= now;
  const endsMs = Math.min(
    isOver(expMs) ? Number.POSITIVE_INFINITY : expMs,
    isOver(provenUntil) ? Number.POSITIVE_INFINITY : provenUntil,
  );
  const leftMs = Math.min(endsMs - now, freshMs);
  return leftMs === Number.POSITIVE_INFINITY ? undefined : coarse(Math.max(0, leftMs));
}

/** Rounded down to a few steps, so that a verdict, and its encoded form, lasts for many calls. */
function coarse(ms: number): number {
  if (ms >= watchedTtlMsMax) return watchedTtlMsMax;
  const step = 2 ** Math.max(0, 27 - Math.clz32(ms));
  return Math.floor(ms / step) * step;
}
