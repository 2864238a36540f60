/** The clock of the SDK only goes forward, and includes the time that the machine slept. */

import { expect, test } from 'vitest';
import { createClock } from '../../src/caching/clock.ts';

function clocks() {
  const at = { monotonicMs: 1000, wallMs: 1_708_574_091_000 };
  const clock = createClock(
    () => at.monotonicMs,
    () => at.wallMs,
  );
  return { at, clock, started: clock() };
}

test('follows the monotonic clock', () => {
  const { at, clock, started } = clocks();
  at.monotonicMs += 1234;
  at.wallMs += 1234;
  expect(clock() - started).toBe(1234);
});

test('includes sleep, which only the wall clock shows', () => {
  const { at, clock, started } = clocks();
  at.monotonicMs += 10;
  at.wallMs += 60_010;
  expect(clock() - started).toBe(60_010);
});

test('never goes back, whatever the wall clock does', () => {
  const { at, clock, started } = clocks();
  let last = started;
  for (const wallMs of [-3_600_000, 60_000, -50, 7_200_000, -1e9]) {
    at.monotonicMs += 100;
    at.wallMs += wallMs;
    expect(clock()).toBeGreaterThanOrEqual(last + 100);
    last = clock();
  }
});

test('is not hurried by the imprecision of the wall clock', () => {
  const { at, clock, started } = clocks();
  at.monotonicMs += 100;
  at.wallMs += 110;
  expect(clock() - started).toBe(100);
});
