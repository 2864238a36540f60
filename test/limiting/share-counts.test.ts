/** Replicas that share counts: the bound of next to no knowledge, outages, restarts, other clocks. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { until } from '../until.ts';
import { limited, memoryStore, replica } from './setup.ts';

const start = Date.UTC(2026, 10, 27, 12);
const perToken = (requests: number, windowSeconds = 2) =>
  limited({ rateLimit: { requests, windowSeconds, per: 'token' } });
const monthly = (requests: number) =>
  limited({ quota: { requests, period: 'month', per: 'token' } });

type Step = { kind: 'ask' | 'sync'; of: number; pauseMs: number; fails: 'no' | 'before' | 'after' };

test('replicas let through at most the limit, a twentieth, and what they could not know', async () => {
  const step = fc.record<Step>({
    kind: fc.constantFrom('ask', 'ask', 'ask', 'sync'),
    of: fc.nat(2),
    pauseMs: fc.oneof(fc.nat(3), fc.nat(150)),
    fails: fc.constantFrom('no', 'no', 'no', 'before', 'after'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.array(step, { maxLength: 200 }),
      async (requests, steps) => {
        const clock = { now: start };
        const store = memoryStore();
        const replicas = [0, 1, 2].map(() => replica(store, clock));
        const record = perToken(requests);
        const accepted: { time: number; of: number; inStore: boolean; knownTo: Set<number> }[] = [];
        for (const { kind, of, pauseMs, fails } of steps) {
          clock.now += pauseMs;
          if (kind === 'sync') {
            store.fails = fails;
            const before = store.rounds;
            await replicas[of]?.sharing.flush();
            if (store.rounds === before) continue;
            for (const each of accepted) {
              if (fails !== 'before' && each.of === of) each.inStore = true;
              if (fails === 'no' && each.inStore) each.knownTo.add(of);
            }
          } else if (replicas[of]?.asks(record)) {
            accepted.push({ time: clock.now, of, inStore: false, knownTo: new Set([of]) });
            const recent = accepted.filter(({ time }) => time > clock.now - 2000);
            const unknown = recent.filter(({ knownTo }) => !knownTo.has(of)).length;
            const most = Math.floor(requests + requests / 20) + unknown;
            expect(recent.length).toBeLessThanOrEqual(most);
          }
        }
        // Nothing is counted twice, however often an answer was lost.
        store.fails = 'no';
        for (const { sharing } of replicas) await sharing.flush();
        const total = [...store.counts.values()].flatMap(counts => [...counts.values()]);
        expect(total.reduce((sum, count) => sum + count, 0)).toBe(accepted.length);
      },
    ),
    { numRuns: 200 },
  );
});

test('three replicas with a limit of one let three through at most, and no more once they know', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const replicas = [1, 2, 3].map(() => replica(store, clock));
  const record = perToken(1, 60);
  expect(replicas.map(({ asks }) => asks(record))).toEqual([true, true, true]);
  for (const { sharing } of replicas) await sharing.flush();
  clock.now += 30_000;
  expect(replicas.map(({ asks }) => asks(record))).toEqual([false, false, false]);
  const fourth = replica(store, clock);
  fourth.limits.take(perToken(2, 60), '', clock.now);
  await fourth.sharing.flush();
  expect(fourth.asks(record)).toBe(false);
});

test('an outage blocks nobody, is told, and ends with every count in the store', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const [one, other] = [replica(store, clock, { tellMs: 500 }), replica(store, clock)];
  const record = monthly(100);
  store.fails = 'before';
  for (let n = 0; n < 100; n++) {
    expect(one.asks(record)).toBe(true);
    clock.now += 100;
    await one.sharing.flush();
  }
  expect(one.asks(record)).toBe(false);
  expect(one.events.away).toEqual([true]);
  expect(one.sharing.waitingMs()).toBe(10_000);
  store.fails = 'no';
  await one.sharing.flush();
  expect(one.events.away).toEqual([true, false]);
  expect(one.sharing.waitingMs()).toBe(0);
  other.asks(record);
  await other.sharing.flush();
  expect(other.asks(record)).toBe(false);
});

test('counts of a quota go on after all replicas have stopped', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const first = replica(store, clock);
  for (let n = 0; n < 7; n++) first.asks(monthly(10));
  await first.sharing.close();
  clock.now += 3_600_000;
  const second = replica(store, clock);
  expect(second.asks(monthly(10))).toBe(true);
  await second.sharing.flush();
  expect([1, 2, 3].map(() => second.asks(monthly(10)))).toEqual([true, true, false]);
});

test('a store that lost its counts gets those that replicas remember, once', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const replicas = [replica(store, clock), replica(store, clock)];
  const record = monthly(100);
  for (let n = 0; n < 20; n++) for (const { asks } of replicas) asks(record);
  for (const each of [...replicas, ...replicas]) {
    each.asks(record);
    await each.sharing.flush();
  }
  store.counts.clear();
  for (const each of replicas) {
    each.asks(record);
    await each.sharing.flush();
  }
  const [counts] = store.counts.values();
  // Of 46, the first replica did not know the last one before the loss.
  expect([...(counts?.values() ?? [])]).toEqual([45]);
});

test('a replica whose clock is ahead or behind by less than a second counts with the others', async () => {
  for (const aheadMs of [-900, -300, 300, 900]) {
    const store = memoryStore();
    const clocks = [{ now: start }, { now: start + aheadMs }];
    const [one, other] = clocks.map(clock => replica(store, clock));
    const record = perToken(10, 1);
    for (let n = 0; n < 5; n++) {
      expect(one?.asks(record)).toBe(true);
      expect(other?.asks(record)).toBe(true);
    }
    await one?.sharing.flush();
    await other?.sharing.flush();
    expect(other?.asks(record), `${aheadMs} ms`).toBe(false);
    for (const clock of clocks) clock.now += 1100 + Math.abs(aheadMs);
    expect([one?.asks(record), other?.asks(record)], `${aheadMs} ms`).toEqual([true, true]);
  }
});

test.each([
  [0, 10],
  [900, 2],
  [2000, 2],
  [2000, 10],
  [2000, 60],
])('clocks that differ by %i ms, with a window of %i s', async (differenceMs, windowSeconds) => {
  const store = memoryStore();
  const clocks = [0, differenceMs / 2, differenceMs].map(aheadMs => ({ aheadMs, now: 0 }));
  const replicas = clocks.map(clock => replica(store, clock));
  const [requests, syncMs, windowMs] = [100, 200, windowSeconds * 1000];
  // Three times the limit.
  const stepMs = windowMs / 300;
  const bound = requests + 5 + 2 * Math.min(requests, (2 * syncMs + differenceMs) / stepMs / 3);
  const accepted: number[] = [];
  for (let [n, syncs] = [0, 0]; n < 1000; n++) {
    const ms = n * stepMs;
    for (const clock of clocks) clock.now = start + ms + clock.aheadMs;
    for (; syncs * syncMs <= ms; syncs++) for (const { sharing } of replicas) await sharing.flush();
    if (replicas[n % 3]?.asks(perToken(requests, windowSeconds))) accepted.push(ms);
    while ((accepted[0] ?? ms) <= ms - windowMs) accepted.shift();
    expect(accepted.length).toBeLessThanOrEqual(bound);
  }
});

test('the store gets no subject, and no command for a verdict', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing } = replica(store, clock);
  const record = limited({ quota: { requests: 9, period: 'day', per: 'subject' } });
  for (let n = 0; n < 5; n++) asks(record, 'ann@example.com');
  expect(store.rounds).toBe(0);
  await sharing.flush();
  expect(store.rounds).toBe(1);
  expect(store.deltas).toHaveLength(1);
  expect(store.deltas[0]).toMatchObject({ counter: 'day-subject/t1~ann@example.com', known: [] });
});

test('a counter that is used is asked about again, and one that is not is dropped', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing, counters } = replica(store, clock, { syncMs: 1, forgetMs: 5000 });
  asks(monthly(10));
  await until(() => store.rounds === 1);
  expect(counters.count).toBe(1);
  clock.now += 1500;
  await until(() => store.rounds === 2);
  expect(store.deltas.at(-1)?.added).toEqual([]);
  clock.now += 10_000;
  await until(() => counters.count === 0);
  expect(counters.bytes).toBe(0);
  await sharing.close();
});

test('while the store is away, a counter that is not used is kept', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing, counters } = replica(store, clock, { forgetMs: 5000 });
  const other = { ...monthly(10), id: 't2' };
  expect([1, 2].map(() => asks(monthly(2)))).toEqual([true, true]);
  await sharing.flush();
  store.fails = 'before';
  for (let n = 0; n < 3; n++) {
    asks(other);
    await sharing.flush();
    clock.now += 10_000;
  }
  expect(asks(monthly(2))).toBe(false);
  store.fails = 'no';
  await sharing.flush();
  clock.now += 10_000;
  asks(other);
  await sharing.flush();
  expect(counters.has('t1')).toBe(false);
});

test('a new first master key takes over the counts of subjects from the one before', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const record = limited({ quota: { requests: 5, period: 'month', per: 'subject' } });
  const before = replica(store, clock, {}, ['old']);
  for (let n = 0; n < 3; n++) expect(before.asks(record, 'ann')).toBe(true);
  await before.sharing.close();
  const during = replica(store, clock, {}, ['new', 'old']);
  expect(during.asks(record, 'ann')).toBe(true);
  await during.sharing.flush();
  expect(during.asks(record, 'ann')).toBe(true);
  expect(during.asks(record, 'ann')).toBe(false);
  await during.sharing.close();
  const after = replica(store, clock, {}, ['new']);
  after.asks(record, 'ann');
  await after.sharing.flush();
  expect(after.asks(record, 'ann')).toBe(false);
});

test('while the store is away, new counters do not make it be asked more often', async () => {
  const clock = { now: start };
  const store = memoryStore();
  store.fails = 'before';
  const { asks, sharing } = replica(store, clock, { syncMs: 1_000_000, firstMs: 1 });
  const record = limited({ quota: { requests: 5, period: 'month', per: 'subject' } });
  asks(record, 'first');
  await until(() => store.rounds === 1);
  for (let n = 0; n < 100; n++) {
    asks(record, `subject ${n}`);
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(store.rounds).toBe(1);
  await sharing.close();
});

test('a round has a bound, and the next one follows at once only for counts', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const bounds = { perRoundMax: 10, syncMs: 1_000_000, firstMs: 1 };
  const { asks, sharing } = replica(store, clock, bounds);
  const record = limited({ quota: { requests: 5, period: 'month', per: 'subject' } });
  for (let n = 0; n < 35; n++) asks(record, `subject ${n}`);
  await until(() => store.deltas.length === 35);
  expect(store.rounds).toBe(4);
  clock.now += 5000;
  asks(record, 'one more');
  await until(() => store.rounds === 5);
  // Others in use are asked about beside it, as far as there is room.
  expect(store.deltas.length).toBe(45);
  await sharing.close();
});

test('while a part of the store is away, the rest is shared, and that is told', async () => {
  const clock = { now: start };
  const store = memoryStore();
  const { asks, sharing, events } = replica(store, clock, { tellMs: 500 });
  const other = { ...monthly(10), id: 't2' };
  store.refused = 't1';
  for (let n = 0; n < 8; n++) {
    asks(monthly(10));
    asks(other);
    await sharing.flush();
    clock.now += 100;
  }
  expect([...store.counts.keys()]).toEqual(['t2 month']);
  expect(events.away).toEqual([true]);
  store.refused = '';
  await sharing.flush();
  expect(events.away).toEqual([true, false]);
  const sums = [...store.counts.values()].flatMap(counts => [...counts.values()]);
  expect(sums).toEqual([8, 8]);
});
