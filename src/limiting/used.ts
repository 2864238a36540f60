/** How much of a limit is used, and when less of it will be. */

import { type Counter, countIn, sumIn } from './counter.ts';
import type { Rule } from './rules.ts';
import { slotsPerWindow } from './slots.ts';

/**
 * What is used of a limit at this time, in requests. In a window, the oldest slot is partly over: the part
 * of its count that is over by its share of time is left out, at most a twentieth of the limit. So no
 * window holds more than 21/20 of it, and a caller as fast as the limit is never refused.
 */
export function usedOf(counter: Counter, rule: Rule, slot: number, now: number): number {
  const sum = sumIn(counter, rule.slots, slot);
  const { together } = rule.slots;
  if (together === 1 || sum === 0) return sum;
  const share = Math.min(1, Math.max(0, shareOver(rule, slot, now)));
  return sum - Math.min(countIn(counter, slot - together + 1) * share, mostLeftOut(rule));
}

/** In how many milliseconds at most `target` is used, if there are no requests until then. At least 1. */
export function waitMs(
  counter: Counter,
  rule: Rule,
  slot: number,
  now: number,
  target: number,
): number {
  const { slots } = rule;
  if (slots.together === 1) return Math.max(1, slots.start(slot + 1) - now);
  let sum = sumIn(counter, slots, slot);
  for (let next = slot; next < slot + slots.together; next++) {
    const count = countIn(counter, next - slots.together + 1);
    const excess = sum - target;
    if (excess <= Math.min(count, mostLeftOut(rule))) {
      const length = slots.start(next + 1) - slots.start(next);
      const at = slots.start(next) + (excess > 0 ? (excess / count) * length : 0);
      if (at > now) return Math.ceil(at - now);
    }
    sum -= count;
  }
  return Math.max(1, Math.ceil(slots.start(slot + slots.together) - now));
}

function mostLeftOut({ requests }: Rule): number {
  return requests / slotsPerWindow;
}

function shareOver({ slots }: Rule, slot: number, now: number): number {
  const start = slots.start(slot);
  return (now - start) / (slots.start(slot + 1) - start);
}
