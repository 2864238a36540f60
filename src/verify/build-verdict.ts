/** Builds the verdict: granted, refused, or denied without an identity. */

import type { Proven } from './proof-cache.ts';
import { type Denied, type Granted, type Reason, type Refusal, reasons } from './verdict.ts';
import { watchedTtlMs } from './watched-ttl.ts';

const denials = new Map(
  (Object.keys(reasons) as Reason[]).map(reason => [
    reason,
    { valid: false, reason, stale: false } satisfies Denied,
  ]),
);

/** A refusal without an identity: the same object for a reason, so that its encoded form can be reused. */
export function denied(reason: Reason): Denied {
  return denials.get(reason) as Denied;
}

/** A refusal with the identity of the token. `now` is in milliseconds since 1970. */
export function refused(
  refusal: Refusal,
  proven: Pick<Proven, 'source' | 'provenUntil' | 'identity'>,
  now: number,
): Denied {
  const { found } = proven.source;
  const watched = watchedTtlMs(proven, refusal.reason, now, found.freshMs);
  const isDependent = found.record.allowedSources !== undefined && bySource.has(refusal.reason);
  return {
    valid: false,
    ...refusal,
    identity: proven.identity,
    ...(watched !== undefined && { watchedTtlMs: watched }),
    ...(isDependent && { sourceDependent: true }),
    stale: found.stale,
  };
}

/** The reasons of the check of the source, and of those after it. */
const bySource: ReadonlySet<Reason> = new Set<Reason>([
  'WRONG_SOURCE',
  'WRONG_AUDIENCE',
  'INSUFFICIENT_SCOPE',
  'RATE_LIMITED',
]);

/**
 * A valid verdict, which callers may reuse for `callersMs` at most, and not beyond the token's
 * expiry. The last verdict is returned again while it is the same, so that its encoded form can be
 * reused. One with `limitUses` is a use of a token with limits: callers must ask for each.
 */
export function granted(
  proven: Proven,
  now: number,
  callersMs: number,
  limitUses?: Granted['limitUses'],
): Granted {
  const { identity, source } = proven;
  const { found } = source;
  // `exp` is in whole seconds: the access token itself can expire up to a second later.
  const endsMs = identity.exp === 0 ? Number.POSITIVE_INFINITY : identity.exp * 1000;
  const leftMs = Math.min(endsMs, proven.provenUntil) - now;
  const cacheTtlMs = found.stale ? 0 : Math.max(0, Math.min(callersMs, leftMs));
  const watched = limitUses === undefined ? watchedTtlMs(proven, undefined, now, found.freshMs) : 0;
  const last = proven.granted;
  const isSame =
    last?.cacheTtlMs === cacheTtlMs && last.watchedTtlMs === watched && last.stale === found.stale;
  if (isSame) return last;
  proven.granted = {
    valid: true,
    identity,
    cacheTtlMs,
    ...(watched !== undefined && { watchedTtlMs: watched }),
    ...(found.record.allowedSources !== undefined && { sourceDependent: true }),
    stale: found.stale,
    ...(limitUses !== undefined && { limitUses }),
  };
  return proven.granted;
}
