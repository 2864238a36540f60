/** The difference of the clocks of this machine and Redis is measured, and told once when it is large. */

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

test('a skew above a second is told once, and once when it is over', async () => {
  const clock = { ms: 1_000_000, redisMs: 1_000_000, wayMs: 0 };
  const told: string[] = [];
  const skew = clockSkew(
    () => clock.ms,
    message => told.push(message),
  );
  const measure = () => skew.measure([redisAt(clock)]);
  await measure();
  expect([skew.ms(), told]).toEqual([0, []]);
  clock.redisMs = clock.ms + 3000;
  await measure();
  await measure();
  expect(skew.ms()).toBe(3000);
  expect(told).toEqual([expect.stringContaining('is 3.0 s behind that of Redis')]);
  clock.redisMs = clock.ms - 1500;
  await measure();
  expect(skew.ms()).toBe(-1500);
  clock.redisMs = clock.ms;
  await measure();
  expect(told.slice(1)).toEqual(['the clocks of this machine and of Redis agree again']);
});

test('what the network may explain is no skew, and no answer changes nothing', async () => {
  const clock = { ms: 1_000_000, redisMs: 1_001_400, wayMs: 1500 };
  const told: string[] = [];
  const skew = clockSkew(
    () => clock.ms,
    message => told.push(message),
  );
  await skew.measure([redisAt(clock)]);
  expect([skew.ms(), told]).toEqual([0, []]);
  const away = { time: () => Promise.reject(new Error('away')) } as unknown as Redis;
  await skew.measure([away]);
  await skew.measure([]);
  expect(skew.ms()).toBe(0);
});
