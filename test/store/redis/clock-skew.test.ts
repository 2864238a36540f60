/** The difference between the clocks of this machine and Redis, whatever the network adds to it. */

import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { clockSkew } from '../../../src/store/redis/clock-skew.ts';

/** A Redis whose clock shows this, asked over a network that takes some time each way. */
function redisAt(clock: { ms: number; redisMs: number; wayMs: number }): Redis {
  const time = async () => {
    clock.ms += clock.wayMs;
    const at = clock.redisMs;
    clock.ms += clock.wayMs;
    return [Math.floor(at / 1000), (at % 1000) * 1000];
  };
  return { time } as unknown as Redis;
}

test('a clock that is behind, and one that is ahead', async () => {
  const clock = { ms: 1_000_000, redisMs: 1_000_000, wayMs: 0 };
  const skew = clockSkew(() => clock.ms);
  const measure = () => skew.measure([redisAt(clock)]);
  await measure();
  expect(skew.ms()).toBe(0);
  clock.redisMs = clock.ms + 3000;
  await measure();
  expect(skew.ms()).toBe(3000);
  clock.redisMs = clock.ms - 1500;
  await measure();
  expect(skew.ms()).toBe(-1500);
});

test('what the network may explain is no skew, and no answer changes nothing', async () => {
  const clock = { ms: 1_000_000, redisMs: 1_001_400, wayMs: 1500 };
  const skew = clockSkew(() => clock.ms);
  await skew.measure([redisAt(clock)]);
  expect(skew.ms()).toBe(0);
  const away = { time: () => Promise.reject(new Error('away')) } as unknown as Redis;
  await skew.measure([away]);
  await skew.measure([]);
  expect(skew.ms()).toBe(0);
});
