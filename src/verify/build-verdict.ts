/** Puts a decision into a verdict: granted, refused, or denied to nobody known. */

import type { Proven } from './proof-cache.ts';
import type { Denied, Granted, Reason } from './verdict.ts';
import { watchedTtlMs } from './watched-ttl.ts';

/** Refused without knowing whose it is. */
export function denied(reason: Reason): Denied {
  return { valid: false, reason, stale: false };
}

/** An invalid token is nobody's, also where its signature was right: nothing is told of it. */
export function refused(
  reason: Reason,
  proven: Pick<Proven, 'found' | 'provenUntil' | 'identity'>,
  now: number,
): Denied {
  if (reason === 'INVALID_TOKEN') return denied(reason);
  const watched = watchedTtlMs(proven, reason, now, proven.found.freshMs);
  return {
    valid: false,
    reason,
    identity: proven.identity,
    ...(watched !== undefined && { watchedTtlMs: watched }),
    stale: proven.found.stale,
  };
}

/** Callers may reuse the verdict until the token ends, but no longer than a revocation may take. */
export function granted(proven: Proven, now: number, callersMs: number): Granted {
  const { identity, found } = proven;
  // `exp` is in whole seconds: the access token itself can end up to a second later.
  const endsMs = identity.exp === 0 ? Number.POSITIVE_INFINITY : identity.exp * 1000;
  const leftMs = Math.min(endsMs, proven.provenUntil) - now;
  const cacheTtlMs = found.stale ? 0 : Math.max(0, Math.min(callersMs, leftMs));
  const watched = watchedTtlMs(proven, undefined, now, found.freshMs);
  const last = proven.granted;
  const isSame =
    last?.cacheTtlMs === cacheTtlMs && last.watchedTtlMs === watched && last.stale === found.stale;
  if (isSame) return last;
  proven.granted = {
    valid: true,
    identity,
    cacheTtlMs,
    ...(watched !== undefined && { watchedTtlMs: watched }),
    stale: found.stale,
  };
  return proven.granted;
}
