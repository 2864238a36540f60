/**
 * The counters in memory, bounded in bytes. An access token whose subjects take more than its share of the
 * memory makes room itself, and no count that others rely on is forgotten: see docs/limits.md.
 */

import { addCounts, type Counter, emptyCounter, slotNow, sumIn } from './counter.ts';
import type { Rule } from './rules.ts';

/** A counter in its place. */
export interface Placed extends Counter {
  readonly rule: Rule;
  /** The `sub` whose requests it counts; "" for those of the access token. */
  readonly subject: string;
  readonly tokenId: string;
  /** Whether the store has answered for it. */
  isRead: boolean;
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

/** The counters. */
export interface Counters {
  /** The counter of a limit, which is made if need be. */
  of(tokenId: string, rule: Rule, subject: string, now: number): Placed;
  /** The same, if there is one. */
  find(tokenId: string, rule: Rule, subject: string): Placed | undefined;
  remove(counter: Placed): void;
  /** All of them, in no particular order. Those that are removed meanwhile are left out. */
  all(): Iterable<Placed>;
  readonly count: number;
  readonly bytes: number;
}

/** Limits of the table. */
export interface CounterLimits {
  /** What all counters may take, in bytes. */
  bytesMax: number;
  /** Called when counts that the store does not have are dropped. */
  onDropped: () => void;
}

/** An access token with more than this part of the memory loses its counters before all others. */
const share = 1 / 4;
/** How many counters are looked at to find one that can go. */
const stepsMax = 64;
/** What a counter takes without its slots and its subject, and what an access token takes, in bytes. */
const counterBytes = 440;
const slotBytes = 8;
const tokenBytes = 400;

interface Group {
  tokenId: string;
  bytes: number;
  /** By name of the rule, then by subject. */
  byRule: Map<string, Map<string, Placed>>;
  /** Counts for all subjects that have no counter of their own, by name of the rule. */
  shared: Map<string, Placed>;
  clock: Clock;
}

/** Creates an empty table. */
export function createCounters({ bytesMax, onDropped }: CounterLimits): Counters {
  const groups = new Map<string, Group>();
  /** The groups above the share: fewer than five. */
  const heavy = new Set<Group>();
  const clock = createClock();
  let bytes = 0;

  const weigh = (group: Group, change: number) => {
    bytes += change;
    group.bytes += change;
    if (group.bytes > bytesMax * share) heavy.add(group);
    else heavy.delete(group);
  };
  const groupOf = (tokenId: string) => {
    let group = groups.get(tokenId);
    if (group === undefined) {
      const [byRule, shared] = [new Map(), new Map()];
      group = { tokenId, bytes: 0, byRule, shared, clock: createClock() };
      groups.set(tokenId, group);
      weigh(group, tokenBytes);
    }
    return group;
  };
  const remove = (counter: Placed) => {
    const { tokenId, rule, subject, isShared } = counter;
    const group = groups.get(tokenId);
    if (group === undefined) return;
    if (isShared) group.shared.delete(rule.name);
    else group.byRule.get(rule.name)?.delete(subject);
    if (group.byRule.get(rule.name)?.size === 0) group.byRule.delete(rule.name);
    clock.remove(counter);
    group.clock.remove(counter);
    weigh(group, -weightOf(counter));
    if (group.byRule.size > 0 || group.shared.size > 0) return;
    groups.delete(tokenId);
    weigh(group, -group.bytes);
  };
  const sharedOf = (group: Group, rule: Rule) => {
    let counter = group.shared.get(rule.name);
    if (counter === undefined) {
      counter = place(group.tokenId, rule, '', true);
      group.shared.set(rule.name, counter);
      add(group, counter);
    }
    return counter;
  };
  const add = (group: Group, counter: Placed) => {
    clock.add(counter);
    group.clock.add(counter);
    weigh(group, weightOf(counter));
  };
  /** Makes room for so many bytes of this group. False when it is too heavy, and none of its own can go. */
  const makeRoom = (group: Group, needed: number, now: number): boolean => {
    const isHeavy = group.bytes + needed > bytesMax * share;
    while (bytes + needed > bytesMax) {
      const from = isHeavy ? group : heavy.values().next().value;
      const { free, last } = (from?.clock ?? clock).find(counter => canGo(counter, now));
      if (free !== undefined) remove(free);
      else if (isHeavy) return false;
      else if (last === undefined) return true;
      else fold(last);
    }
    return true;
  };
  /** Removes a counter that the store does not have yet: its counts are those of all other subjects. */
  const fold = (counter: Placed) => {
    const group = groups.get(counter.tokenId);
    if (group === undefined) return;
    if (counter.isShared || counter.subject === '' || !heavy.has(group)) onDropped();
    else addCounts(sharedOf(group, counter.rule), counter);
    remove(counter);
  };

  return {
    of(tokenId, rule, subject, now) {
      const known = groups.get(tokenId)?.byRule.get(rule.name)?.get(subject);
      if (known !== undefined) {
        known.isUsed = true;
        return known;
      }
      const counter = place(tokenId, rule, subject, false);
      const hasRoom = makeRoom(groupOf(tokenId), weightOf(counter), now);
      // Its group can have lost its last counter meanwhile.
      const current = groupOf(tokenId);
      if (!hasRoom) return sharedOf(current, rule);
      const bySubject = current.byRule.get(rule.name) ?? new Map<string, Placed>();
      current.byRule.set(rule.name, bySubject.set(subject, counter));
      add(current, counter);
      return counter;
    },
    find: (tokenId, rule, subject) => groups.get(tokenId)?.byRule.get(rule.name)?.get(subject),
    remove,
    all: clock.all,
    get count() {
      return clock.count();
    },
    get bytes() {
      return bytes;
    },
  };
}

/** Whether nothing of a counter counts any more, or the store has all of it. */
export function isWritten(counter: Placed, now: number): boolean {
  if (isIdle(counter, now)) return true;
  const { isShared, unsent, sent, isRead } = counter;
  return !isShared && unsent === undefined && sent === undefined && isRead;
}

function isIdle(counter: Placed, now: number): boolean {
  const { slots } = counter.rule;
  return sumIn(counter, slots, slotNow(counter, slots, now)) === 0;
}

/** The best to go are those below their limit: the store is asked for them when they are needed. */
function canGo(counter: Placed, now: number): 'best' | 'good' | 'no' {
  if (!isWritten(counter, now)) return 'no';
  return counter.isOver && !isIdle(counter, now) ? 'good' : 'best';
}

function place(tokenId: string, rule: Rule, subject: string, isShared: boolean): Placed {
  return {
    ...emptyCounter(rule.slots),
    ...{ rule, subject, tokenId, isShared, isRead: isShared, isOver: false, isUsed: true },
    ...{ askedAt: 0, answeredAt: 0 },
  };
}

function weightOf({ counts, subject }: Placed): number {
  return counterBytes + counts.length * slotBytes + 2 * subject.length;
}

/** Counters in a circle, with a hand that looks for one that can go. */
interface Clock {
  add(counter: Placed): void;
  remove(counter: Placed): void;
  count(): number;
  all(): Iterable<Placed>;
  /** One that can go, and if there is none, one that the hand passed last. */
  find(canGo: (counter: Placed) => 'best' | 'good' | 'no'): Choice;
}

interface Choice {
  free: Placed | undefined;
  last: Placed | undefined;
}

function createClock(): Clock {
  const counters = new Set<Placed>();
  let hand = counters.values();
  const next = (): Placed | undefined => {
    const { value } = hand.next();
    if (value !== undefined) return value;
    hand = counters.values();
    return hand.next().value;
  };
  return {
    add: counter => void counters.add(counter),
    remove: counter => void counters.delete(counter),
    count: () => counters.size,
    all: () => counters,
    find(canGo) {
      const choice: Choice = { free: undefined, last: undefined };
      for (let step = 0; step < Math.min(stepsMax, counters.size); step++) {
        const counter = next();
        if (counter === undefined) break;
        choice.last = counter;
        const verdict = canGo(counter);
        if (verdict !== 'no') choice.free ??= counter;
        if (verdict === 'best' && !counter.isUsed) return { ...choice, free: counter };
        counter.isUsed = false;
      }
      return choice;
    },
  };
}
