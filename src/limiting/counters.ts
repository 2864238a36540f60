/**
 * The counters in memory, bounded in bytes. An access token whose subjects take more than its share of the
 * memory makes room itself, and no count that others rely on is forgotten: see docs/limits.md.
 */

import { addCounts, emptyCounter } from './counter.ts';
import { type Circle, createCircle, type Placed } from './placed.ts';
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
  /** Notes whether the store has all that a counter counted. */
  settle(counter: Placed, isSettled: boolean): void;
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
  circle: Circle;
}

/** Creates an empty table. */
export function createCounters({ bytesMax, onDropped }: CounterLimits): Counters {
  const groups = new Map<string, Group>();
  /** The groups above the share: fewer than five. */
  const heavy = new Set<Group>();
  const circle = createCircle();
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
      group = { tokenId, bytes: 0, byRule, shared, circle: createCircle() };
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
    circle.remove(counter);
    group.circle.remove(counter);
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
    circle.add(counter);
    group.circle.add(counter);
    weigh(group, weightOf(counter));
  };
  /** Makes room for so many bytes of this group. False when it is too heavy, and none of its own can go. */
  const makeRoom = (group: Group, needed: number, now: number): boolean => {
    const isHeavy = group.bytes + needed > bytesMax * share;
    while (bytes + needed > bytesMax) {
      const from = isHeavy ? group : heavy.values().next().value;
      const { free, other } = (from?.circle ?? circle).find(now);
      if (free !== undefined) remove(free);
      else if (isHeavy) return false;
      else if (other === undefined) return true;
      else fold(other);
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
    subjectsOf: (tokenId, rule) => groups.get(tokenId)?.byRule.get(rule.name)?.values() ?? [],
    remove,
    settle(counter, isSettled) {
      if (counter.isSettled === isSettled) return;
      counter.isSettled = isSettled;
      const group = groups.get(counter.tokenId);
      if (group?.byRule.get(counter.rule.name)?.get(counter.subject) !== counter) return;
      circle.move(counter);
      group.circle.move(counter);
    },
    all: circle.all,
    get count() {
      return circle.size;
    },
    get bytes() {
      return bytes;
    },
  };
}

function place(tokenId: string, rule: Rule, subject: string, isShared: boolean): Placed {
  return {
    ...emptyCounter(rule.slots),
    ...{
      rule,
      subject,
      tokenId,
      isShared,
      isRead: false,
      isSettled: false,
      isOver: false,
      isUsed: true,
    },
    ...{ askedAt: 0, answeredAt: 0 },
  };
}

function weightOf({ counts, subject }: Placed): number {
  return counterBytes + counts.length * slotBytes + 2 * subject.length;
}
