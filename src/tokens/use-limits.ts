/** How often a token may be used: the checks of its rate limit and its quota. */

import type { Kind, LimitPer, Quota, RateLimit } from '../store/record.ts';
import { checkAll, invalid } from './faults.ts';

/** Longest window of a rate limit, in seconds: a day. A quota bounds longer times. */
const windowSecondsMax = 86_400;

/**
 * Throws INVALID_ARGUMENT for every part of a rate limit that is wrong. `kind` is absent where it is not
 * known yet.
 */
export function checkRateLimit(kind: Kind | undefined, limit: RateLimit): void {
  const { requests, windowSeconds, per } = limit;
  checkAll(
    () => checkRequests('rate_limit.requests', requests),
    () => {
      if (Number.isInteger(windowSeconds) && windowSeconds >= 1) {
        if (windowSeconds <= windowSecondsMax) return;
      }
      throw invalid(
        'rate_limit.window',
        `must be whole seconds, 1 to ${windowSecondsMax} (a day); a quota bounds longer times`,
      );
    },
    () => checkPer('rate_limit.per', kind, per),
  );
}

/** The same for a quota. */
export function checkQuota(kind: Kind | undefined, { requests, per }: Quota): void {
  checkAll(
    () => checkRequests('quota.requests', requests),
    () => checkPer('quota.per', kind, per),
  );
}

/** Whether a rate limit never allows more than another one does. */
export function isWithinRate(limit: RateLimit, other: RateLimit): boolean {
  return (
    limit.requests <= other.requests &&
    limit.windowSeconds >= other.windowSeconds &&
    (limit.per === 'token' || other.per === 'subject')
  );
}

/** Whether a quota never allows more than another one does. */
export function isWithinQuota(quota: Quota, other: Quota): boolean {
  return (
    quota.requests <= other.requests &&
    (quota.period === 'month' || other.period === 'day') &&
    (quota.per === 'token' || other.per === 'subject')
  );
}

function checkRequests(field: string, requests: number): void {
  if (requests === 0)
    throw invalid(field, 'must be at least 1; revoke the access token to stop it');
  if (Number.isSafeInteger(requests) && requests >= 1) return;
  throw invalid(field, 'must be a whole number, 1 to 2^53 - 1');
}

function checkPer(field: string, kind: Kind | undefined, per: LimitPer): void {
  if (per === 'subject' && kind === 'static') {
    throw invalid(field, 'LIMIT_PER_SUBJECT is for kind jwt only: static tokens have no subject');
  }
}
