/** Limits of access tokens against exact models, with clocks that go their own ways. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limited, memoryStore, replica } from './setup.ts';

const start = Date.UTC(2026, 10, 27, 12, 0, 0, 7);
const rate = (requests: number, windowSeconds: number) =>
  limited({ rateLimit: { requests, windowSeconds, per: 'token' } });

/** How many of these times are in the window that ends at `end`, the end included. */
const within = (times: readonly number[], end: number, windowMs: number) =>
  times.filter(time => time > end - windowMs && time <= end).length;

describe('a rate limit', () => {
  test('holds in every window, and refuses nobody without a reason', () => {
    const pauses = fc.array(fc.oneof(fc.nat(3), fc.nat(200), fc.nat(3000)), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), pauses, (requests, steps) => {
        const clock = { now: start };
        const { limits } = replica(memoryStore(), clock);
        const record = rate(requests, 2);
        const accepted: number[] = [];
        let freeAt = Number.POSITIVE_INFINITY;
        for (const step of steps) {
          clock.now += step;
          const over = limits.take(record, '', clock.now);
          if (over === undefined) accepted.push(clock.now);
          const most = Math.floor(requests + requests / 20);
          expect(within(accepted, clock.now, 2000)).toBeLessThanOrEqual(most);
          if (over === undefined) {
            freeAt = Number.POSITIVE_INFINITY;
            continue;
          }
          expect(within(accepted, clock.now, 2100)).toBeGreaterThanOrEqual(requests);
          expect(clock.now).toBeLessThan(freeAt);
          expect(over.retryAfterMs).toBeLessThanOrEqual(2100);
          freeAt = clock.now + over.retryAfterMs;
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of one request lets one through', () => {
    const clock = { now: start };
    const { limits, asks } = replica(memoryStore(), clock);
    const record = rate(1, 1);
    expect(asks(record)).toBe(true);
    const over = limits.take(record, '', clock.now);
    expect(over?.retryAfterMs).toBeGreaterThan(900);
    clock.now += over?.retryAfterMs ?? 0;
    expect(asks(record)).toBe(true);
    expect(asks(record)).toBe(false);
  });

  test('never refuses a caller who is as fast as the limit', () => {
    const clock = { now: start };
    const { asks } = replica(memoryStore(), clock);
    const record = rate(100, 60);
    for (let request = 0; request < 1000; request++) {
      expect(asks(record)).toBe(true);
      clock.now += 600;
    }
  });

  test('counts no request that it refuses', () => {
    const clock = { now: start };
    const { asks } = replica(memoryStore(), clock);
    const record = rate(5, 10);
    let accepted = 0;
    for (let ms = 0; ms < 60_000; ms += 10) {
      clock.now = start + ms;
      if (asks(record)) accepted++;
    }
    // Six windows, each up to a twentieth too long.
    expect(accepted).toBeGreaterThanOrEqual(28);
    expect(accepted).toBeLessThanOrEqual(30);
  });

  test('takes as many as a number can be', () => {
    const clock = { now: start };
    const { asks, limits } = replica(memoryStore(), clock);
    const record = rate(Number.MAX_SAFE_INTEGER, 86_400);
    expect(asks(record)).toBe(true);
    expect(limits.uses(record, '', clock.now)[0]?.remaining).toBe(Number.MAX_SAFE_INTEGER - 1);
  });
});

describe('a clock that is set back', () => {
  test.each([20, 999, 1500, 5000, 3_600_000, 40 * 86_400_000])(
    'by %d ms neither opens nor locks',
    step => {
      const clock = { now: start };
      const { asks } = replica(memoryStore(), clock);
      const record = rate(3, 2);
      expect([asks(record), asks(record), asks(record), asks(record)]).toEqual([
        ...[true, true, true, false],
      ]);
      clock.now -= step;
      expect(asks(record)).toBe(false);
      clock.now += 1000;
      expect(asks(record)).toBe(false);
      // A clock that is up to a second behind counts as slow, and time as standing still.
      clock.now += 1100 + Math.min(step, 1000);
      expect(asks(record)).toBe(true);
    },
  );

  test('over the end of a month counts for the month that it shows', () => {
    const clock = { now: Date.UTC(2027, 0, 31, 23, 59, 59, 900) };
    const { asks } = replica(memoryStore(), clock);
    const record = limited({ quota: { requests: 2, period: 'month', per: 'token' } });
    expect([asks(record), asks(record), asks(record)]).toEqual([true, true, false]);
    clock.now += 200;
    expect(asks(record)).toBe(true);
    clock.now -= 200;
    expect(asks(record)).toBe(false);
    clock.now += 200;
    expect([asks(record), asks(record)]).toEqual([true, false]);
  });
});

describe('a quota', () => {
  test.each([
    ['day', Date.UTC(2028, 1, 28, 23), Date.UTC(2028, 1, 29)],
    ['day', Date.UTC(2026, 11, 31, 1), Date.UTC(2027, 0, 1)],
    ['month', Date.UTC(2028, 1, 1), Date.UTC(2028, 2, 1)],
    ['month', Date.UTC(2027, 1, 28, 23, 59, 59, 999), Date.UTC(2027, 2, 1)],
    ['month', Date.UTC(2026, 11, 31, 12), Date.UTC(2027, 0, 1)],
  ] as const)('of a %s begins again at its end in UTC', (period, now, end) => {
    const clock = { now };
    const { asks, limits } = replica(memoryStore(), clock);
    const record = limited({ quota: { requests: 1, period, per: 'token' } });
    expect(asks(record)).toBe(true);
    expect(limits.take(record, '', now)).toEqual({ retryAfterMs: end - now });
    clock.now = end - 1;
    expect(asks(record)).toBe(false);
    clock.now = end;
    expect([asks(record), asks(record)]).toEqual([true, false]);
  });

  test('beside a rate limit: what one of them refuses, the other does not count', () => {
    const clock = { now: start };
    const { limits } = replica(memoryStore(), clock);
    const record = limited({
      rateLimit: { requests: 2, windowSeconds: 1, per: 'token' },
      quota: { requests: 5, period: 'day', per: 'token' },
    });
    let accepted = 0;
    for (let ms = 0; ms < 10_000; ms += 50) {
      if (limits.take(record, '', start + ms) === undefined) accepted++;
    }
    expect(accepted).toBe(5);
    const midnight = Date.UTC(2026, 10, 28);
    const at = start + 10_000;
    expect(limits.take(record, '', at)).toEqual({ retryAfterMs: midnight - at });
  });
});

test('a limit for all requests bounds how many subjects are counted', () => {
  const { asks, counters } = replica(memoryStore(), { now: start });
  const record = limited({
    rateLimit: { requests: 3, windowSeconds: 60, per: 'token' },
    quota: { requests: 5, period: 'day', per: 'subject' },
  });
  const accepted = Array.from({ length: 100 }, (_, n) => asks(record, `made up ${n}`));
  expect(accepted.filter(Boolean)).toHaveLength(3);
  expect(counters.count).toBe(4);
});

test('per subject, each subject has its own count, and tokens without a subject share one', () => {
  const { asks } = replica(memoryStore(), { now: start });
  const record = limited({ rateLimit: { requests: 1, windowSeconds: 60, per: 'subject' } });
  expect(asks(record, 'ann')).toBe(true);
  expect(asks(record, 'ben')).toBe(true);
  expect(asks(record, 'ann')).toBe(false);
  expect([asks(record, ''), asks(record, '')]).toEqual([true, false]);
  expect(asks({ ...record, id: 't2' }, 'ann')).toBe(true);
  // Names that objects have are subjects like others.
  expect([asks(record, '__proto__'), asks(record, '__proto__')]).toEqual([true, false]);
});

test('a limit that is changed goes on counting, and another window begins anew', () => {
  const { asks } = replica(memoryStore(), { now: start });
  expect([asks(rate(2, 60)), asks(rate(2, 60)), asks(rate(2, 60))]).toEqual([true, true, false]);
  expect([asks(rate(3, 60)), asks(rate(3, 60))]).toEqual([true, false]);
  expect(asks(rate(1, 61))).toBe(true);
});

test('what is used is shown', () => {
  const clock = { now: Date.UTC(2026, 10, 27, 12) };
  const { asks, limits } = replica(memoryStore(), clock);
  const record = limited({
    rateLimit: { requests: 4, windowSeconds: 60, per: 'token' },
    quota: { requests: 100, period: 'day', per: 'token' },
  });
  const none = { moreInMs: undefined, allInMs: undefined };
  expect(limits.uses(record, '', clock.now)).toEqual([
    { limit: 'rate limit', requests: 4, windowSeconds: 60, remaining: 4, ...none },
    { limit: 'quota', requests: 100, windowSeconds: 86_400, remaining: 100, ...none },
  ]);
  asks(record);
  clock.now += 30_000;
  asks(record);
  const day = { limit: 'quota', requests: 100, windowSeconds: 86_400, remaining: 98 };
  const midnight = { moreInMs: 43_170_000, allInMs: 43_170_000 };
  expect(limits.uses(record, '', clock.now)).toEqual([
    {
      ...{ limit: 'rate limit', requests: 4, windowSeconds: 60, remaining: 2 },
      moreInMs: 33_000,
      allInMs: 63_000,
    },
    { ...day, ...midnight },
  ]);
});
