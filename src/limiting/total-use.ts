/** What is used of the limits of an access token, for administrators. */

import type { LimitCounter } from '../store/limit-counts.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import { type Counter, emptyCounter, slotNow, takeTotals } from './counter.ts';
import type { Counters } from './counters.ts';
import { type Rule, rulesOf } from './rules.ts';
import { usedOf, waitMs } from './used.ts';

/** What is used of one limit of an access token. */
export interface TotalUse {
  limit: Rule['limit'];
  /** Requests that count now. With a limit per subject, those of the subject that has most. */
  used: number;
  /** Requests that are left, of the same subject. */
  remaining: number;
  /** When all are left, if there are no requests until then, in milliseconds since 1970. */
  resetAt: number | undefined;
  /** With a limit per subject, how many subjects this replica counts; otherwise 0. */
  subjects: number;
}

/**
 * Reads it, from the store and memory; from memory alone for limits per subject, and while the store is
 * away.
 */
export type ReadTotalUse = (record: AccessTokenRecord) => Promise<TotalUse[]>;

/** Creates it. `now` is in milliseconds since 1970. */
export function createReadTotalUse(
  counters: Pick<Counters, 'find' | 'subjectsOf'>,
  store: LimitCounter,
  now: () => number,
): ReadTotalUse {
  const ofToken = async (record: AccessTokenRecord, rule: Rule): Promise<TotalUse> => {
    const known = counters.find(record.id, rule, '') ?? emptyCounter(rule.slots);
    const at = now();
    slotNow(known, rule.slots, at);
    const asked = {
      ...{ tokenId: record.id, counter: rule.name, sequence: 0, added: [], known: [] },
      ...{ oldest: 0, keepMs: 0 },
    };
    const [totals] = await store.countLimits('', [asked]).catch(error => {
      if (error instanceof Unavailable) return [];
      throw error;
    });
    takeTotals(known, rule.slots, totals?.slots ?? []);
    return { ...totalOf(known, rule, now()), subjects: 0 };
  };
  const ofSubjects = (record: AccessTokenRecord, rule: Rule): TotalUse => {
    const at = now();
    const uses = [...counters.subjectsOf(record.id, rule)]
      .map(counter => totalOf(counter, rule, at))
      .filter(({ used }) => used > 0);
    const none = totalOf(emptyCounter(rule.slots), rule, at);
    const most = uses.reduce((one, other) => (other.used > one.used ? other : one), none);
    return { ...most, subjects: uses.length };
  };
  return async record =>
    await Promise.all(
      rulesOf(record).map(rule =>
        rule.per === 'token' ? ofToken(record, rule) : ofSubjects(record, rule),
      ),
    );
}

function totalOf(counter: Counter, rule: Rule, now: number): Omit<TotalUse, 'subjects'> {
  const slot = slotNow(counter, rule.slots, now);
  const used = usedOf(counter, rule, slot, now);
  return {
    limit: rule.limit,
    used,
    remaining: Math.max(0, rule.requests - used),
    resetAt: used === 0 ? undefined : now + waitMs(counter, rule, slot, now, 0),
  };
}
