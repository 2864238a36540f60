/**
 * The fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10): the limits of a token
 * and what is left of them.
 */

import type { LimitUse, Verdict } from '../../verify/verdict.ts';

/** The fields by name; none, or both. */
export type RateLimitFields = Readonly<Record<string, string>>;

/** The longest Integer of a structured field (RFC 9651 section 3.3.1). */
const integerMax = 999_999_999_999_999;

/** The fields for a verdict; none for a token without limits. */
export function rateLimitFields({ limitUses }: Pick<Verdict, 'limitUses'>): RateLimitFields {
  if (limitUses === undefined) return none;
  const uses = limitUses();
  return {
    'RateLimit-Policy': uses.map(policyOf).join(', '),
    RateLimit: uses.map(serviceLimitOf).join(', '),
  };
}

/** Alternating names and values, with these fields behind them. */
export function withRateLimit(headers: string[], verdict: Pick<Verdict, 'limitUses'>): string[] {
  if (verdict.limitUses === undefined) return headers;
  return [...headers, ...Object.entries(rateLimitFields(verdict)).flat()];
}

const none: RateLimitFields = {};

function policyOf({ limit, requests, windowSeconds }: LimitUse): string {
  return `${nameOf(limit)};q=${integer(requests)};w=${integer(windowSeconds)}`;
}

/** `t` is when one more request is left; there is none while all are. */
function serviceLimitOf({ limit, remaining, moreInMs }: LimitUse): string {
  const left = `${nameOf(limit)};r=${integer(remaining)}`;
  return moreInMs === undefined ? left : `${left};t=${integer(Math.ceil(moreInMs / 1000))}`;
}

function nameOf(limit: LimitUse['limit']): string {
  return limit === 'quota' ? '"quota"' : '"rate"';
}

function integer(value: number): string {
  return String(Math.min(value, integerMax));
}
