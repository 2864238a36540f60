/**
 * The counters in memory, bounded in bytes. An access token whose subjects take more than its share of the
 * memory makes room itself, and no count that others rely on is forgotten: see docs/counting-limits.md.
 */

import { addCounts } from './counter.ts';
import { type Circle, createCircle, type Placed, place } from './placed.ts';
import type { Rule } from './rules.ts';

/** The counters. */
export interface Counters {
  /** The counter of a limit, which is made if need be. */
  of(tokenId: string, rule: Rule, subject: string, now: number): Placed;
  /** The same, if there is one. */
  find(tokenId: string, rule: Rule, subject: string): Placed | undefined;
  /** The counters of a limit, one for each subject; without those that share one. */
  subjectsOf(tokenId: string, rule: Rule): Iterable<Placed>;
  remove(counter: Placed): void;
  /** Whether an access token has counters. */
  has(tokenId: string): boolean;
  /** Removes all counters of an access token. */
  removeAll(tokenId: string): void;
  /** Notes whether the store has all that a counter counted. */
  settle(counter: Placed, isSettled: boolean): void;
  /** Those with counts that the store does not have, or that were never read. What is removed leaves. */
  readonly waiting: Set<Placed>;
  /** Whether the store can be read: while it cannot, what it has is not dropped either. */
  isReadable: boolean;
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
/** What a counter takes without its slots and its subject, and what an access token takes, in bytes. */
const counterBytes = 600;
const slotBytes = 8;
const tokenBytes = 600;

/** The counters of an access token. */
interface Group {
  tokenId: string;
  bytes: number;
  /** One or two, and those of limits that it had before. */
  ofRules: OfRule[];
}

/** The counters of one limit. */
interface OfRule {
  name: string;
  bySubject: Map<string, Placed>;
  /** Counts for all subjects that have no counter of their own. */
  shared: Placed | undefined;
}

/** Creates an empty table. */
export function createCounters({ bytesMax, onDropped }: CounterLimits): Counters {
  const groups = new Map<string, Group>();
  /** The groups above the share, fewer than five, and some that were above it. */
  const heavy = new Map<Group, Circle>();
  const circle = createCircle();
  const waiting = new Set<Placed>();
  let bytes = 0;

  const isHeavy = (group: Group, more = 0) => group.bytes + more > bytesMax * share;
  const weigh = (group: Group, change: number) => {
    bytes += change;
    group.bytes += change;
    if (isHeavy(group) && !heavy.has(group)) {
      const own = createCircle();
      heavy.set(group, own);
      for (const { bySubject, shared } of group.ofRules) {
        for (const counter of bySubject.values()) own.add(counter);
        if (shared !== undefined) own.add(shared);
      }
    } else if (group.bytes < (bytesMax * share) / 2) {
      heavy.delete(group);
    }
  };
  const groupOf = (tokenId: string) => {
    let group = groups.get(tokenId);
    if (group === undefined) {
      group = { tokenId, bytes: 0, ofRules: [] };
      groups.set(tokenId, group);
      weigh(group, tokenBytes);
    }
    return group;
  };
  const add = (group: Group, counter: Placed) => {
    circle.add(counter);
    heavy.get(group)?.add(counter);
    const { rule, subject, isShared } = counter;
    let ofRule = ofRuleIn(group, rule);
    if (ofRule === undefined) {
      ofRule = { name: rule.name, bySubject: new Map(), shared: undefined };
      group.ofRules.push(ofRule);
    }
    if (isShared) ofRule.shared = counter;
    else ofRule.bySubject.set(subject, counter);
    weigh(group, weightOf(counter));
  };
  const remove = (counter: Placed) => {
    const group = groups.get(counter.tokenId);
    if (group === undefined || !isIn(group, counter)) return;
    const ofRule = ofRuleIn(group, counter.rule);
    if (counter.isShared && ofRule !== undefined) ofRule.shared = undefined;
    else ofRule?.bySubject.delete(counter.subject);
    group.ofRules = group.ofRules.filter(
      ({ bySubject, shared }) => bySubject.size > 0 || shared !== undefined,
    );
    waiting.delete(counter);
    circle.remove(counter);
    heavy.get(group)?.remove(counter);
    weigh(group, -weightOf(counter));
    if (group.ofRules.length > 0) return;
    groups.delete(group.tokenId);
    weigh(group, -group.bytes);
  };
  const sharedOf = (group: Group, rule: Rule) => {
    const known = ofRuleIn(group, rule)?.shared;
    if (known !== undefined) return known;
    const counter = place(group.tokenId, rule, '', true);
    add(group, counter);
    return counter;
  };
  /** Makes room for so many bytes of this group. False when it is too heavy, and none of its own can go. */
  const makeRoom = (group: Group, needed: number, now: number): boolean => {
    while (bytes + needed > bytesMax) {
      const from = isHeavy(group, needed) ? group : heaviest();
      const own = from && heavy.get(from);
      const { free, other } = (own ?? circle).find(now, table.isReadable);
      if (free !== undefined) remove(free);
      else if (from === group) return false;
      else if (other === undefined) return true;
      else fold(other);
    }
    return true;
  };
  const heaviest = () => {
    for (const group of heavy.keys()) if (isHeavy(group)) return group;
    return undefined;
  };
  /** Removes a counter that cannot be read again now: its counts become those of all other subjects. */
  const fold = (counter: Placed) => {
    const group = groups.get(counter.tokenId);
    if (group === undefined) return;
    if (counter.isShared || counter.rule.per === 'token' || !heavy.has(group)) {
      onDropped();
      remove(counter);
      return;
    }
    addCounts(sharedOf(group, counter.rule), counter);
    const isWaiting = waiting.has(counter);
    remove(counter);
    // The store still gets its counts. There are few of these: a heavy access token gets no new counters meanwhile.
    if (isWaiting) waiting.add(counter);
  };
  const find: Counters['find'] = (tokenId, rule, subject) => {
    const group = groups.get(tokenId);
    return group && ofRuleIn(group, rule)?.bySubject.get(subject);
  };

  const table: Counters = {
    of(tokenId, rule, subject, now) {
      const known = find(tokenId, rule, subject);
      if (known !== undefined) {
        known.isUsed = true;
        return known;
      }
      const counter = place(tokenId, rule, subject, false);
      const hasRoom = makeRoom(groupOf(tokenId), weightOf(counter), now);
      // Its group can have lost its last counter meanwhile.
      const group = groupOf(tokenId);
      if (!hasRoom) return sharedOf(group, rule);
      add(group, counter);
      return counter;
    },
    find,
    subjectsOf(tokenId, rule) {
      const group = groups.get(tokenId);
      return (group && ofRuleIn(group, rule)?.bySubject.values()) ?? [];
    },
    remove,
    has: tokenId => groups.has(tokenId),
    removeAll(tokenId) {
      for (const { bySubject, shared } of groups.get(tokenId)?.ofRules ?? []) {
        for (const counter of [...bySubject.values(), ...(shared ? [shared] : [])]) remove(counter);
      }
    },
    settle(counter, isSettled) {
      if (counter.isSettled === isSettled) return;
      counter.isSettled = isSettled;
      const group = groups.get(counter.tokenId);
      if (group === undefined || !isIn(group, counter)) return;
      circle.move(counter);
      heavy.get(group)?.move(counter);
    },
    waiting,
    isReadable: true,
    all: circle.all,
    get count() {
      return circle.size;
    },
    get bytes() {
      return bytes;
    },
  };
  return table;
}

function ofRuleIn({ ofRules }: Group, { name }: Rule): OfRule | undefined {
  for (const each of ofRules) if (each.name === name) return each;
  return undefined;
}

function isIn(group: Group, counter: Placed): boolean {
  const ofRule = ofRuleIn(group, counter.rule);
  const same = counter.isShared ? ofRule?.shared : ofRule?.bySubject.get(counter.subject);
  return same === counter;
}

function weightOf({ counts, subject }: Placed): number {
  return counterBytes + counts.length * slotBytes + 2 * subject.length;
}
