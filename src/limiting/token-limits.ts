/** Counts the requests of access tokens with limits, and refuses those over a limit. */

import type { AccessTokenRecord } from '../store/record.ts';
import { countOne, slotNow } from './counter.ts';
import type { Counters } from './counters.ts';
import type { Placed } from './placed.ts';
import { type Rule, rulesOf } from './rules.ts';
import { usedOf, waitMs } from './used.ts';

/** What is used of one limit. */
export interface LimitUse {
  limit: Rule['limit'];
  /** The limit itself, in requests. */
  requests: number;
  /** The length of the window or the period, in seconds. */
  windowSeconds: number;
  /** Requests that are left now, as far as this replica knows. */
  remaining: number;
  /** In how many milliseconds one more is left; undefined when all are. */
  moreInMs: number | undefined;
  /** In how many milliseconds all are left, if there are no requests until then; undefined when all are. */
  allInMs: number | undefined;
}

/** A request was over a limit. */
interface OverLimit {
  /** In how many milliseconds the next one is within it, if there are none until then. At least 1. */
  retryAfterMs: number;
}

/** The limits of access tokens. Times are milliseconds since 1970; nothing waits for the store. */
export interface TokenLimits {
  /** Counts a request. Undefined when it is within the limits; one that is not counts nothing. */
  take(record: AccessTokenRecord, subject: string, now: number): OverLimit | undefined;
  /** What is used of each limit of a record, for this subject. */
  uses(record: AccessTokenRecord, subject: string, now: number): LimitUse[];
  /** Whether a request would be over a limit, without counting it. */
  isOver(record: AccessTokenRecord, subject: string, now: number): OverLimit | undefined;
}

/** What brings counters and the store together. */
export interface Sharing {
  /** A counter has something to send. */
  changed(counter: Placed): void;
  /** A counter is new, or was not asked for so long that the store may have more. */
  begins(counter: Placed): void;
  /** For how long after a request a counter is kept up to date, in milliseconds. */
  readonly inUseMs: number;
}

/** Creates them. */
export function createTokenLimits(counters: Counters, sharing: Sharing): TokenLimits {
  return {
    take(record, subject, now) {
      const asked: Placed[] = [];
      let retryAfterMs = 0;
      for (const rule of rulesOf(record)) {
        const of = whose(rule, subject);
        // What is refused already counts nothing, so it makes no counter.
        const counter =
          retryAfterMs > 0
            ? counters.find(record.id, rule, of)
            : counters.of(record.id, rule, of, now);
        if (counter === undefined) continue;
        // After a pause this replica no longer knows what the others counted.
        if (Math.abs(now - counter.askedAt) > sharing.inUseMs) sharing.begins(counter);
        counter.askedAt = now;
        const over = overOf(counter, rule, now);
        counter.isOver = over > 0;
        retryAfterMs = Math.max(retryAfterMs, over);
        asked.push(counter);
      }
      if (retryAfterMs > 0) return { retryAfterMs };
      for (const counter of asked) {
        const isFirst = counter.unsent === undefined;
        countOne(counter, slotNow(counter, counter.rule.slots, now));
        if (isFirst) sharing.changed(counter);
      }
      return undefined;
    },

    isOver(record, subject, now) {
      const waits = rulesOf(record).map(rule => {
        const counter = counters.find(record.id, rule, whose(rule, subject));
        return counter === undefined ? 0 : overOf(counter, rule, now);
      });
      const retryAfterMs = Math.max(0, ...waits);
      return retryAfterMs > 0 ? { retryAfterMs } : undefined;
    },

    uses: (record, subject, now) =>
      rulesOf(record).map(rule =>
        leftOf(counters.find(record.id, rule, whose(rule, subject)), rule, now),
      ),
  };
}

function whose({ per }: Rule, subject: string): string {
  return per === 'subject' ? subject : '';
}

/** In how many milliseconds one more request is within the limit; 0 when it is now. */
function overOf(counter: Placed, rule: Rule, now: number): number {
  const slot = slotNow(counter, rule.slots, now);
  const used = usedOf(counter, rule, slot, now);
  return used < rule.requests ? 0 : waitMs(counter, rule, slot, now, rule.requests - 1);
}

function leftOf(counter: Placed | undefined, rule: Rule, now: number): LimitUse {
  const { limit, requests, slots } = rule;
  const length = Math.max(1, slots.together - 1);
  const slot = counter === undefined ? slots.at(now) : slotNow(counter, slots, now);
  const used = counter === undefined ? 0 : usedOf(counter, rule, slot, now);
  const remaining = Math.max(0, requests - used);
  const inMs = (target: number) =>
    counter === undefined || used === 0 ? undefined : waitMs(counter, rule, slot, now, target);
  return {
    ...{ limit, requests, remaining },
    windowSeconds: Math.round((slots.start(slot + length) - slots.start(slot)) / 1000),
    moreInMs: remaining >= requests ? undefined : inMs(requests - remaining - 1),
    allInMs: inMs(0),
  };
}
