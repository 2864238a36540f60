/** A counter in its place in memory, and the circle in which those that can be dropped are found. */

import { type Counter, emptyCounter, slotNow, sumIn } from './counter.ts';
import type { Rule } from './rules.ts';

/** A counter in its place. */
export interface Placed extends Counter {
  readonly rule: Rule;
  /** The `sub` whose requests it counts; "" for those of the access token. */
  readonly subject: string;
  readonly tokenId: string;
  /** Whether the store has answered for it. */
  isRead: boolean;
  /** Whether the store has all that it counted: it can be dropped, and be read again. */
  isSettled: boolean;
  /** Whether the last request was over the limit. */
  isOver: boolean;
  /** When it was last asked, in milliseconds since 1970. */
  askedAt: number;
  /** When the store last answered for it. */
  answeredAt: number;
  /** Since the hand last passed. */
  isUsed: boolean;
  /** Counts for subjects without a counter: the store does not know it. */
  readonly isShared: boolean;
}

/** Makes a counter, which is not in any table yet. */
export function place(tokenId: string, rule: Rule, subject: string, isShared: boolean): Placed {
  const { newest, counts, unsent, sent, knownFrom } = emptyCounter(rule.slots);
  return {
    newest,
    counts,
    unsent,
    sent,
    knownFrom,
    rule,
    subject,
    tokenId,
    isShared,
    isRead: false,
    isSettled: false,
    isOver: false,
    isUsed: true,
    askedAt: 0,
    answeredAt: 0,
  };
}

/** Whether nothing of a counter counts any more. */
export function isIdle(counter: Placed, now: number): boolean {
  const { slots } = counter.rule;
  return sumIn(counter, slots, slotNow(counter, slots, now)) === 0;
}

/** Counters in a circle. A hand passes them and finds one that can go. */
export interface Circle {
  add(counter: Placed): void;
  remove(counter: Placed): void;
  /** After `isSettled` has changed. */
  move(counter: Placed): void;
  readonly size: number;
  all(): Iterable<Placed>;
  /**
   * `free`: one of which nothing is lost, since the store has it and can be read, or it does not count any
   * more. If there is none, `other` is one that the hand passed.
   */
  find(now: number, isReadable: boolean): { free: Placed | undefined; other: Placed | undefined };
}

/** How many counters the hand passes to find the best one. */
const stepsMax = 64;

/** Creates an empty circle. */
export function createCircle(): Circle {
  const settled = createHand();
  const unsettled = createHand();
  const partOf = ({ isSettled }: Placed) => (isSettled ? settled : unsettled);
  return {
    add: counter => partOf(counter).add(counter),
    remove: counter => partOf(counter).remove(counter),
    move(counter) {
      const [from, to] = counter.isSettled ? [unsettled, settled] : [settled, unsettled];
      from.remove(counter);
      to.add(counter);
    },
    get size() {
      return settled.counters.size + unsettled.counters.size;
    },
    *all() {
      yield* settled.counters;
      yield* unsettled.counters;
    },
    find(now, isReadable) {
      let free: Placed | undefined;
      let other: Placed | undefined;
      for (let step = 0; step < Math.min(stepsMax, settled.counters.size); step++) {
        const counter = settled.next();
        if (counter !== undefined && !isReadable && !isIdle(counter, now)) {
          other = counter;
          continue;
        }
        free ??= counter;
        // Those over their limit stay longer: what the store says of one takes a moment to arrive.
        if (counter !== undefined && !counter.isUsed && !counter.isOver)
          return { free: counter, other: counter };
        if (counter !== undefined) counter.isUsed = false;
      }
      if (free !== undefined) return { free, other: free };
      for (let step = 0; step < Math.min(stepsMax, unsettled.counters.size); step++) {
        other = unsettled.next();
        if (other !== undefined && isIdle(other, now)) return { free: other, other };
      }
      return { free, other };
    },
  };
}

/** After how many changes a hand that rests is put back to the beginning. */
const restMax = 10_000;

function createHand() {
  const counters = new Set<Placed>();
  let hand = counters.values();
  let changes = 0;
  // An iterator that rests keeps each table that its Set had since.
  const change = () => {
    changes++;
    if (changes < restMax) return;
    hand = counters.values();
    changes = 0;
  };
  return {
    counters: counters as ReadonlySet<Placed>,
    add(counter: Placed) {
      counters.add(counter);
      change();
    },
    remove(counter: Placed) {
      counters.delete(counter);
      change();
    },
    next(): Placed | undefined {
      changes = 0;
      const { value } = hand.next();
      if (value !== undefined) return value;
      hand = counters.values();
      return hand.next().value;
    },
  };
}
