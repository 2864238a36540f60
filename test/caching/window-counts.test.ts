/** Counts within a sliding window, in bounded memory. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWindowCounts } from '../../src/caching/window-counts.ts';

const windowMs = 60_000;

function countsOf(bytesMax = 1_000_000) {
  const clock = { ms: 1234.5 };
  const counts = createWindowCounts({ windowMs, bytesMax }, () => clock.ms);
  const add = (key: string, times: number) => {
    for (let n = 0; n < times; n++) counts.add(key);
  };
  return { clock, counts, add };
}

test('counts fade during the window after theirs', () => {
  const { clock, counts, add } = countsOf();
  add('a', 10);
  expect(counts.of('a')).toBe(10);
  clock.ms += windowMs;
  expect(counts.of('a')).toBe(10);
  clock.ms += windowMs / 2;
  expect(counts.of('a')).toBeCloseTo(5);
  add('a', 1);
  expect(counts.of('a')).toBeCloseTo(6);
  clock.ms += windowMs;
  expect(counts.of('a')).toBeCloseTo(0.5);
  clock.ms += 5 * windowMs;
  expect(counts.of('a')).toBe(0);
  expect(counts.bytes).toBe(0);
});

test('a key is known for as long as it counts, and one that never came is not', () => {
  const { clock, counts, add } = countsOf(2 * 256);
  add('a', 1);
  expect([counts.has('a'), counts.has('b')]).toEqual([true, false]);
  add('b', 1);
  // There is room for one: what another key may have had is no event of this one.
  expect([counts.has('a'), counts.of('a')]).toEqual([false, 1]);
  clock.ms += windowMs;
  expect(counts.has('b')).toBe(true);
  clock.ms += windowMs;
  expect(counts.has('b')).toBe(false);
});

test('after the wait that it names, a key is below the limit, and not much sooner', () => {
  const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.nat(30)), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 40 }), (events, limit) => {
      const { clock, counts, add } = countsOf();
      for (const [passedMs, count] of events) {
        clock.ms += passedMs;
        // As with guesses, nothing is counted that was refused.
        add('a', Math.max(0, Math.min(count, Math.ceil(limit - counts.of('a')))));
      }
      const waitMs = counts.waitMs('a', limit);
      expect(waitMs === 0).toBe(counts.of('a') < limit);
      if (waitMs === 0) return;
      clock.ms += waitMs - 2;
      expect(counts.of('a')).toBeGreaterThanOrEqual(limit - 0.1);
      clock.ms += 4;
      expect(counts.of('a')).toBeLessThan(limit);
    }),
  );
});

test('memory is bounded, and no key is ever counted too low', () => {
  const keys = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.nat(4000)), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(keys, events => {
      const bytesMax = 2 * 256 * 8;
      const { clock, counts } = countsOf(bytesMax);
      const all = countsOf();
      for (const [key, passedMs] of events) {
        clock.ms += passedMs;
        all.clock.ms += passedMs;
        counts.add(String(key));
        all.counts.add(String(key));
        expect(counts.bytes).toBeLessThanOrEqual(bytesMax);
        for (let each = 0; each <= 40; each++) {
          const [kept, real] = [counts.of(String(each)), all.counts.of(String(each))];
          expect(kept).toBeGreaterThanOrEqual(real - 1e-9);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('10,000 keys that come once do not make one that came often forgotten, or a new one slow', () => {
  const { counts, add } = countsOf(2 * 256 * 1000);
  add('attacker', 100);
  for (let n = 0; n < 10_000; n++) counts.add(`once-${n}`);
  expect(counts.of('attacker')).toBe(100);
  expect(counts.of('newcomer')).toBeLessThanOrEqual(11);
});

test('within any window, as many events as the limit are let through twice, and not more', () => {
  const limit = 100;
  const pauses = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 60 });
  const most = (steps: number[]) => {
    const { clock, counts } = countsOf();
    const times: number[] = [];
    let found = 0;
    for (const step of steps) {
      clock.ms += step;
      for (; counts.of('a') < limit; counts.add('a')) times.push(clock.ms);
      found = Math.max(found, times.filter(time => time > clock.ms - windowMs).length);
    }
    return found;
  };
  fc.assert(
    fc.property(pauses, steps => {
      expect(most(steps)).toBeLessThanOrEqual(2 * limit);
    }),
  );
  // The steadiest: all at the end of a window, then each as soon as it may come.
  const { clock } = countsOf();
  const toEnd = windowMs - (clock.ms % windowMs) - 0.25;
  expect(most([toEnd, ...Array.from({ length: 400 }, () => 150)])).toBeGreaterThan(2 * limit - 5);
});
