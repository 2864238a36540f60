/** Divides time into numbered slots, in which requests are counted. */

import type { Quota, RateLimit } from '../store/record.ts';

/** The slots of one kind of limit. Times are milliseconds since 1970. */
export interface Slots {
  /** How many slots count together, the current one included. */
  readonly together: number;
  /** How many slots are kept in memory. */
  readonly kept: number;
  /** The slot of a time. */
  at(ms: number): number;
  /** When a slot begins. */
  start(slot: number): number;
  /**
   * How far another clock, or this one a moment ago, may be ahead, in slots: one that is further ahead was
   * set back. 0 for slots whose numbers mean a date.
   */
  readonly aheadMax: number;
  /** How long a store keeps a count made at this time, in milliseconds. */
  keepMs(ms: number): number;
}

/** A window is this many slots, so a request may count for a twentieth of it too long. */
export const slotsPerWindow = 20;

/** By how much replicas' clocks may differ, in milliseconds: what differs more is degraded. */
const clockDifferenceMs = 1000;
/** How much longer a store keeps counts than they count, for clocks that differ, in milliseconds. */
const marginMs = 10_000;
const dayMs = 86_400_000;

/** Made once for each length, of which there are few. */
const windows = new Map<number, Slots>();

/** The slots of a rate limit: twentieths of its window, and the one that began before it. */
export function windowSlots({ windowSeconds }: Pick<RateLimit, 'windowSeconds'>): Slots {
  const slots = windows.get(windowSeconds) ?? slotsOf(windowSeconds);
  windows.set(windowSeconds, slots);
  return slots;
}

function slotsOf(windowSeconds: number): Slots {
  const slotMs = (windowSeconds * 1000) / slotsPerWindow;
  const together = slotsPerWindow + 1;
  return {
    together,
    kept: together,
    at: ms => Math.floor(ms / slotMs),
    start: slot => slot * slotMs,
    aheadMax: Math.min(slotsPerWindow, Math.ceil(clockDifferenceMs / slotMs)),
    keepMs: () => 2 * windowSeconds * 1000 + marginMs,
  };
}

/** The slots of a quota: days or months in UTC. The one before is kept for a clock that is set back. */
export function periodSlots({ period }: Pick<Quota, 'period'>): Slots {
  return periods[period];
}

function calendar({ at, start }: Pick<Slots, 'at' | 'start'>): Slots {
  /** That of the last time, since a date costs as much as all the rest of a count. */
  let last = { slot: 0, start: 0, end: 0 };
  return {
    together: 1,
    kept: 2,
    at(ms) {
      if (ms < last.start || ms >= last.end) {
        const slot = at(ms);
        last = { slot, start: start(slot), end: start(slot + 1) };
      }
      return last.slot;
    },
    start,
    aheadMax: 0,
    keepMs: ms => start(at(ms) + 1) - ms + 2 * dayMs,
  };
}

const days = {
  at: (ms: number) => Math.floor(ms / dayMs),
  start: (slot: number) => slot * dayMs,
};

/** Numbered from January of the year 0. */
const months = {
  at(ms: number) {
    const date = new Date(ms);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  },
  start: (slot: number) => Date.UTC(Math.floor(slot / 12), slot % 12),
};

const periods = { day: calendar(days), month: calendar(months) };
