/** Counts requests in the slots of one limit. */

import type { SlotCount } from '../store/limit-counts.ts';
import type { Slots } from './slots.ts';

/** The counts of one limit, of an access token or one of its subjects. Slots are its rule's. */
export interface Counter {
  /** The newest slot that anything was counted in, or 0. */
  newest: number;
  /** What all replicas counted, as far as it is known, by slot modulo their number. */
  counts: number[];
  /** What this replica counted and has not sent; undefined for nothing. */
  unsent: Counted[] | undefined;
  /** What was sent and not answered. */
  sent: Sent | undefined;
  /** Slots before this one are not told to the store as known: a clock gave them other numbers. */
  knownFrom: number;
}

/** Requests counted in a slot. */
type Counted = [slot: number, count: number];

/** Counts on their way to the store. */
export interface Sent {
  /** As in LimitDelta. */
  sequence: number;
  added: readonly SlotCount[];
  /** What was known of the same slots before. */
  known: readonly SlotCount[];
}

/** A counter without counts. */
export function emptyCounter({ kept }: Slots): Counter {
  const counts = new Array<number>(kept).fill(0);
  return { newest: 0, counts, unsent: undefined, sent: undefined, knownFrom: 0 };
}

/**
 * The slot to count in at this time. A clock that was set back gives the counts of a window new numbers: they
 * count as long as they would have. A quota is that of the date which the clock shows.
 */
export function slotNow(counter: Counter, slots: Slots, now: number): number {
  const slot = slots.at(now);
  const behind = counter.newest - slot;
  if (behind <= 0) {
    advance(counter, slot);
    return slot;
  }
  if (slots.together === 1) {
    if (behind >= slots.kept) restart(counter, slot);
    return slot;
  }
  if (behind <= slots.aheadMax) return counter.newest;
  renumber(counter, -behind);
  return slot;
}

/** The count of a slot. */
export function countIn({ counts }: Counter, slot: number): number {
  return counts[placeOf(slot, counts.length)] ?? 0;
}

/** What counts in a slot: all of it, and of those that count together with it. */
export function sumIn(counter: Counter, { together }: Slots, slot: number): number {
  if (together === 1) return countIn(counter, slot);
  let sum = 0;
  for (const count of counter.counts) sum += count;
  return sum;
}

/** Counts one request of this replica. */
export function countOne(counter: Counter, slot: number): void {
  const { counts } = counter;
  const place = placeOf(slot, counts.length);
  counts[place] = (counts[place] ?? 0) + 1;
  counter.unsent ??= [];
  const same = countedIn(counter.unsent, slot);
  if (same !== undefined) {
    same[1]++;
    return;
  }
  // While the store is away, what no longer counts is not worth its memory.
  if (counter.unsent.length >= counts.length) {
    counter.unsent = counter.unsent.filter(([each]) => isKept(counter, each));
  }
  counter.unsent.push([slot, 1]);
}

/** Adds the counts of another counter with the same slots. This replica keeps them to itself. */
export function addCounts(counter: Counter, other: Counter): void {
  if (other.newest > counter.newest) advance(counter, other.newest);
  const { counts } = counter;
  const oldest = counter.newest - counts.length + 1;
  for (let slot = oldest; slot <= other.newest; slot++) {
    const place = placeOf(slot, counts.length);
    if (slot > other.newest - other.counts.length)
      counts[place] = countIn(counter, slot) + countIn(other, slot);
  }
}

/**
 * What to send: what waits, or once more what was not answered. Undefined for nothing. `sequence` is of
 * this round.
 */
export function toSend(counter: Counter, sequence: number): Sent | undefined {
  const { unsent } = counter;
  if (counter.sent === undefined && unsent !== undefined) {
    const known = unsent
      .filter(([slot]) => slot >= counter.knownFrom && isKept(counter, slot))
      .map(([slot, count]): Counted => [slot, countIn(counter, slot) - count])
      .filter(([, before]) => before > 0);
    counter.sent = { sequence, added: unsent, known };
    counter.unsent = undefined;
  }
  return counter.sent;
}

/** Takes in the totals of all replicas. A total that is less than what is known changes nothing. */
export function takeTotals(
  counter: Counter,
  { aheadMax }: Slots,
  totals: readonly SlotCount[],
): void {
  // Another replica's clock may be ahead; what it counted has happened.
  const ahead = totals.map(([slot]) => slot - counter.newest).filter(slots => slots <= aheadMax);
  advance(counter, counter.newest + Math.max(0, ...ahead));
  for (const [slot, total] of totals) {
    if (!isKept(counter, slot)) continue;
    const unsent = (counter.unsent && countedIn(counter.unsent, slot)?.[1]) ?? 0;
    const place = placeOf(slot, counter.counts.length);
    counter.counts[place] = Math.max(countIn(counter, slot), total + unsent);
  }
}

/** It is the last one, nearly always. */
function countedIn(all: readonly Counted[], slot: number): Counted | undefined {
  for (let n = all.length - 1; n >= 0; n--) if (all[n]?.[0] === slot) return all[n];
  return undefined;
}

function isKept({ newest, counts }: Counter, slot: number): boolean {
  return slot <= newest && slot > newest - counts.length;
}

function placeOf(slot: number, kept: number): number {
  return ((slot % kept) + kept) % kept;
}

function advance(counter: Counter, slot: number): void {
  const { counts, newest } = counter;
  if (slot === newest) return;
  if (slot - newest >= counts.length) counts.fill(0);
  else for (let next = newest + 1; next <= slot; next++) counts[placeOf(next, counts.length)] = 0;
  counter.newest = slot;
}

function restart(counter: Counter, slot: number): void {
  counter.counts.fill(0);
  counter.newest = slot;
}

function renumber(counter: Counter, by: number): void {
  const { length } = counter.counts;
  const before = { ...counter, counts: [...counter.counts] };
  counter.newest += by;
  for (let back = 0; back < length; back++) {
    counter.counts[placeOf(counter.newest - back, length)] = countIn(before, before.newest - back);
  }
  counter.unsent = counter.unsent?.map(([slot, count]) => [slot + by, count]);
  counter.knownFrom = counter.newest + 1;
}
