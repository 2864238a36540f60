/** Rate limits and quotas as the command line writes them: `100/1m`, `10000/day/subject`. */

import { InvalidArgumentError } from 'commander';
import type { LimitPer, LimitUse, Quota, RateLimit } from '../api/use-limits.ts';
import { durationSeconds, durationText } from './option-values.ts';

/** Parses a rate limit; throws commander's InvalidArgumentError. */
export function rateLimit(text: string): RateLimit {
  const [count, window, per] = partsOf(text);
  const windowSeconds = window === undefined ? Number.NaN : secondsIn(window);
  if (count === undefined || per === undefined || Number.isNaN(windowSeconds)) {
    throw new InvalidArgumentError(
      'expected a number and a duration, such as 100/1m or 5/1s/subject',
    );
  }
  return { requests: count, windowSeconds, per };
}

/** Parses a quota; throws commander's InvalidArgumentError. */
export function quota(text: string): Quota {
  const [count, period, per] = partsOf(text);
  const isPeriod = period === 'day' || period === 'month';
  if (count === undefined || per === undefined || !isPeriod) {
    throw new InvalidArgumentError(
      'expected a number and day or month, such as 10000/day or 500/month/subject',
    );
  }
  return { requests: count, period, per };
}

/** Parses either of them, or `none`. */
export function orNone<T>(parse: (text: string) => T): (text: string) => T | 'none' {
  return text => (text === 'none' ? text : parse(text));
}

/** A rate limit as it is parsed. */
export function rateLimitText({ requests, windowSeconds, per }: RateLimit): string {
  return `${requests}/${durationText(windowSeconds)}${suffixOf(per)}`;
}

/** A quota as it is parsed. */
export function quotaText({ requests, period, per }: Quota): string {
  return `${requests}/${period}${suffixOf(per)}`;
}

/** How much of a limit is used, in words; undefined where that is not known. */
export function textOfUse(use: LimitUse | undefined): string | undefined {
  if (use === undefined) return undefined;
  const { used, remaining, resetTime, subjects } = use;
  const until = resetTime === undefined ? '' : `, until ${resetTime}`;
  const whose = subjects === undefined ? '' : ` by the subject with most, of ${subjects}`;
  return `${used} used${whose}, ${remaining} left${until}`;
}

function suffixOf(per: LimitPer): string {
  return per === 'subject' ? '/subject' : '';
}

/** The number, the second part, and what counts together; each undefined where it is wrong. */
function partsOf(text: string): [number | undefined, string | undefined, LimitPer | undefined] {
  const [count = '', second, per = 'token', ...rest] = text.split('/');
  const requests = /^[0-9]{1,16}$/.test(count) ? Number(count) : Number.NaN;
  const isKnown = (per === 'token' || per === 'subject') && rest.length === 0;
  return [Number.isSafeInteger(requests) ? requests : undefined, second, isKnown ? per : undefined];
}

function secondsIn(text: string): number {
  try {
    return durationSeconds(text);
  } catch {
    return Number.NaN;
  }
}
