/** The limits of an access token, as they are counted. */

import { attached } from '../caching/attached.ts';
import type { AccessTokenRecord, LimitPer } from '../store/record.ts';
import { periodSlots, type Slots, windowSlots } from './slots.ts';

/** One limit. */
export interface Rule {
  /** Which of the two limits of an access token. */
  limit: 'rate limit' | 'quota';
  /** Names its counters: another window or period is counted from the start. */
  name: string;
  /** At most so many requests in the slots that count together. */
  requests: number;
  per: LimitPer;
  slots: Slots;
}

const known = attached<AccessTokenRecord, readonly Rule[]>();

/** The limits of a record, made once for each record object. */
export function rulesOf(record: AccessTokenRecord): readonly Rule[] {
  let rules = known.get(record);
  if (rules === undefined) {
    rules = makeRules(record);
    known.set(record, rules);
  }
  return rules;
}

function makeRules({ rateLimit, quota }: AccessTokenRecord): Rule[] {
  const rules: Rule[] = [];
  if (rateLimit !== undefined) {
    const { requests, windowSeconds, per } = rateLimit;
    const name = `rate-${windowSeconds}${ofSubject(per)}`;
    rules.push({ limit: 'rate limit', name, requests, per, slots: windowSlots(rateLimit) });
  }
  if (quota !== undefined) {
    const { requests, period, per } = quota;
    const name = `${period}${ofSubject(per)}`;
    rules.push({ limit: 'quota', name, requests, per, slots: periodSlots(quota) });
  }
  return rules;
}

function ofSubject(per: LimitPer): string {
  return per === 'subject' ? '-subject' : '';
}
