/** How much of a limit is used, and when less of it will be. */

import { type Counter, countIn, sumIn } from './counter.ts';
import type { Rule } from './rules.ts';
import { slotsPerWindow } from './slots.ts';

/** Makes up for rounding in shares of a slot. */
const rounding = 1e-9;

/**
 * How many requests of a limit are used at this time. In a window, the oldest slot is partly over: its
 * requests count as if they had come at equal distances, and those that are over are left out, at most a
 * twentieth of the limit. So no window holds more than 21/20 of it, and a caller who is as fast as the
 * limit is never refused.
 */
export function usedOf(counter: Counter, rule: Rule, slot: number, now: number): number {
  const { slots } = rule;
  const sum = sumIn(counter, slots, slot);
  if (slots.together === 1 || sum === 0) return sum;
  const count = countIn(counter, slot - slots.together + 1);
  if (count === 0) return sum;
  const start = slots.start(slot);
  const share = Math.max(0, (now - start) / (slots.start(slot + 1) - start));
  const over = Math.floor(count * share + rounding) + 1;
  return sum - Math.min(over, count, leftOutMax(rule));
}

/** In how many milliseconds at most `target` is used, if there are no requests until then. At least 1. */
export function waitMs(
  counter: Counter,
  { slots, ...rule }: Rule,
  slot: number,
  now: number,
  target: number,
): number {
  if (slots.together === 1) return Math.max(1, slots.start(slot + 1) - now);
  let excess = sumIn(counter, slots, slot) - target;
  for (let next = slot; next < slot + slots.together; next++) {
    const count = countIn(counter, next - slots.together + 1);
    if (excess <= Math.min(count, leftOutMax(rule))) {
      const start = slots.start(next);
      const share = excess > 1 ? (excess - 1) / count : 0;
      const at = start + share * (slots.start(next + 1) - start);
      if (at > now) return Math.ceil(at - now);
    }
    excess -= count;
  }
  return Math.max(1, slots.start(slot + slots.together) - now);
}

function leftOutMax({ requests }: Pick<Rule, 'requests'>): number {
  return Math.floor(requests / slotsPerWindow);
}
