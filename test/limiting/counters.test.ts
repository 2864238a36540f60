/** The counters in memory: bounded, fair between access tokens, and no way to make them forget. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { LimitCounter } from '../../src/store/limit-counts.ts';
import { limited, memoryStore, replica } from './setup.ts';

const start = Date.UTC(2026, 10, 27, 12);
const bytesMax = 400_000;
const perSubject = (id: string, requests: number) =>
  limited({ id, quota: { requests, period: 'month', per: 'subject' } });

test('a hundred thousand subjects of one access token stay within the memory', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing, counters } = replica(store, clock, { bytesMax });
  const record = perSubject('t1', 3);
  for (let n = 0; n < 100_000; n++) {
    if (!asks(record, `subject ${n}`)) throw new Error(`subject ${n} was refused`);
    if (n % 200 !== 0) continue;
    await sharing.flush();
    expect(counters.bytes).toBeLessThanOrEqual(bytesMax);
  }
  await sharing.flush();
  expect(store.counts.size).toBe(100_000);
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapBytes = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

test('subjects that were evicted leave nothing in memory', async () => {
  const clock = { now: start };
  const store: LimitCounter = {
    countLimits: async (_, deltas) =>
      deltas.map(({ added }) => ({ slots: added, isBroken: false })),
  };
  const { asks, sharing } = replica(store, clock, { bytesMax });
  const flood = async (from: number) => {
    for (let n = from; n < from + 50_000; n++) {
      asks(perSubject('t1', 3), `subject ${n}`);
      if (n % 200 === 0) await sharing.flush();
    }
  };
  await flood(0);
  const before = heapBytes();
  await flood(50_000);
  // An iterator over them that stands still would have kept 20 MB.
  expect(heapBytes() - before).toBeLessThan(5_000_000);
});

test('made-up subjects reset neither another subject nor another access token', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing } = replica(store, clock, { bytesMax });
  const flooded = perSubject('t1', 3);
  const other = perSubject('t2', 3);
  const victims = [
    [flooded, 'ann'],
    [other, 'ann'],
  ] as const;
  for (const [record, subject] of victims) {
    expect([1, 2, 3, 4].map(() => asks(record, subject))).toEqual([true, true, true, false]);
  }
  await sharing.flush();
  for (let n = 0; n < 20_000; n++) {
    asks(flooded, `made up ${n}`);
    if (n % 100 === 0) await sharing.flush();
  }
  // The other token's counter is still there. Of the flooded one, the store knows.
  expect(asks(other, 'ann')).toBe(false);
  asks(flooded, 'ann');
  await sharing.flush();
  expect(asks(flooded, 'ann')).toBe(false);
});

test('while the store is away, no count is forgotten, and the flooded token alone suffers', () => {
  const clock = { now: start };
  const store = memoryStore();
  store.fails = 'before';
  const { asks, counters, events } = replica(store, clock, { bytesMax });
  const [flooded, other] = [perSubject('t1', 3), perSubject('t2', 3)];
  expect([1, 2, 3, 4].map(() => asks(flooded, 'ann'))).toEqual([true, true, true, false]);
  let accepted = 0;
  for (let n = 0; n < 20_000; n++) if (asks(flooded, `made up ${n}`)) accepted++;
  expect(counters.bytes).toBeLessThanOrEqual(bytesMax * 1.01);
  // Each has a counter, or counts with all others that have none.
  expect(accepted).toBeLessThan(counters.count + 3);
  expect(asks(flooded, 'ann')).toBe(false);
  for (let n = 0; n < 100; n++) {
    const subject = `of another token ${n}`;
    expect([1, 2, 3, 4].map(() => asks(other, subject))).toEqual([true, true, true, false]);
  }
  expect(counters.bytes).toBeLessThanOrEqual(bytesMax * 1.01);
  expect(events.dropped).toBe(0);
});

test('an access token that is revoked leaves nothing, also when its memory was full', async () => {
  const clock = { now: start };
  const store = memoryStore();
  store.fails = 'before';
  const { asks, counters, sharing } = replica(store, clock, { bytesMax });
  asks(perSubject('t2', 3), 'ann');
  const { bytes } = counters;
  for (let n = 0; n < 2000; n++) asks(perSubject('t1', 3), `subject ${n}`);
  counters.removeAll('t1');
  expect([counters.has('t1'), counters.count, counters.bytes]).toEqual([false, 1, bytes]);
  store.fails = 'no';
  await sharing.flush();
  expect([counters.count, counters.bytes]).toEqual([1, bytes]);
});

test('what does not count any more goes first', () => {
  const clock = { now: start };
  const store = memoryStore();
  store.fails = 'before';
  const { asks, counters, events } = replica(store, clock, { bytesMax });
  const record = limited({ rateLimit: { requests: 1, windowSeconds: 1, per: 'subject' } });
  for (let n = 0; n < 10_000; n++) {
    if (n % 100 === 0) clock.now += 1100;
    expect(asks(record, `subject ${n}`)).toBe(true);
  }
  expect(counters.bytes).toBeLessThanOrEqual(bytesMax);
  expect(events.dropped).toBe(0);
  // Nor does it wait for the store.
  expect(counters.waiting.size).toBeLessThanOrEqual(counters.count);
});

test('what the store has is not forgotten while it cannot be read', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing, counters } = replica(store, clock, { bytesMax });
  const flooded = perSubject('t1', 3);
  expect([1, 2].map(() => asks(flooded, 'ann'))).toEqual([true, true]);
  for (let n = 0; n < 1000; n++) {
    if (n % 100 === 0) await sharing.flush();
    asks(flooded, n % 10 === 0 ? 'ann' : `before ${n}`);
  }
  await sharing.flush();
  expect(asks(flooded, 'ann')).toBe(false);
  store.fails = 'before';
  asks(flooded, 'bob');
  await sharing.flush();
  for (let n = 0; n < 1000; n++) {
    asks(flooded, `made up ${n}`);
    expect(asks(flooded, 'ann')).toBe(false);
  }
  expect(counters.bytes).toBeLessThanOrEqual(bytesMax * 1.01);
  store.fails = 'no';
  await sharing.flush();
  asks(flooded, 'made up 1');
  expect(asks(flooded, 'new')).toBe(true);
});

test('more access tokens than there is memory for: counts are dropped, and that is told', () => {
  const store = memoryStore();
  store.fails = 'before';
  const { asks, counters, events } = replica(store, { now: start }, { bytesMax });
  for (let n = 0; n < 5000; n++) {
    asks(limited({ id: `t${n}`, quota: { requests: 1, period: 'month', per: 'token' } }));
  }
  expect(counters.bytes).toBeLessThanOrEqual(bytesMax);
  expect(events.dropped).toBe(5000 - counters.count);
  expect(counters.waiting.size).toBe(counters.count);
});
