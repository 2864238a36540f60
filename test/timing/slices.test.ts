/** Pauses in long work: how long a slice is, and how long calls then have. */

import { expect, test } from 'vitest';
import { createRest, sliceLimits } from '../../src/timing/slices.ts';

const { sliceMs, quietTurns, patience } = sliceLimits;

/** A process with a clock of its own, whose calls take `callMs` in each turn of the event loop. */
function open(callMs = 0) {
  const clock = { ms: 0, turns: 0 };
  const rest = createRest({
    monotonicMs: () => clock.ms,
    async nextTurn() {
      await new Promise(resolve => setImmediate(resolve));
      clock.turns++;
      clock.ms += callMs;
    },
  });
  /** Works in steps of a quarter of a slice; the longest work without a turn, in milliseconds. */
  const work = async (steps: number, worked = { ms: 0, longest: 0, since: 0, turns: 0 }) => {
    for (let step = 0; step < steps; step++) {
      if (worked.turns !== clock.turns) Object.assign(worked, { since: 0, turns: clock.turns });
      clock.ms += sliceMs / 4;
      worked.ms += sliceMs / 4;
      worked.since += sliceMs / 4;
      worked.longest = Math.max(worked.longest, worked.since);
      await rest();
    }
    return worked;
  };
  return { clock, rest, work };
}

test('without calls, work pauses for two turns after each slice', async () => {
  const { clock, work } = open();
  const { longest } = await work(400);
  expect(longest).toBeLessThanOrEqual(sliceMs);
  // One more for each slice is the one that ends it.
  expect(clock.turns).toBeGreaterThanOrEqual(99 * quietTurns);
  expect(clock.turns).toBeLessThanOrEqual(101 * (quietTurns + 1));
  expect(clock.ms).toBe(400 * (sliceMs / 4));
});

test('while calls come all the time, they get several times what the work takes', async () => {
  const { clock, work } = open(1);
  const { ms, longest } = await work(80);
  expect(longest).toBeLessThanOrEqual(sliceMs);
  expect(clock.ms - ms).toBeGreaterThanOrEqual(patience * ms * 0.9);
  // The work goes on all the same.
  expect(clock.ms - ms).toBeLessThanOrEqual((patience + 1) * ms);
});

test('ten that work at once share one slice', async () => {
  const { work } = open(1);
  const worked = { ms: 0, longest: 0, since: 0, turns: 0 };
  await Promise.all(Array.from({ length: 10 }, () => work(40, worked)));
  // Each of the others ends the step that it had begun.
  expect(worked.longest).toBeLessThanOrEqual(sliceMs + (9 * sliceMs) / 4);
  expect(worked.ms).toBe(10 * 40 * (sliceMs / 4));
});
