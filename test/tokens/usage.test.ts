/** The count of uses: in batches, over midnight and over outages of the store, without loss. */

import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Store, Unavailable, type UsageDelta } from '../../src/store/store.ts';
import { createUsageMeter } from '../../src/tokens/usage.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const { store, tokens, clock, now } = openOffice();
const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const morning = Date.parse('2024-02-28T08:00:00Z');
const midnight = Date.parse('2024-02-29T00:00:00Z');

/** A store with an outage that tests switch on and off; it records what was written. */
function flaky() {
  const state = { down: false, room: Number.POSITIVE_INFINITY, batches: [] as UsageDelta[][] };
  const faulty: Store = {
    ...store,
    async addUsage(deltas) {
      await Promise.resolve();
      if (state.down) throw new Unavailable('down');
      const added = deltas.slice(0, state.room);
      state.batches.push(added.map(delta => ({ ...delta })));
      return deltas.slice(state.room);
    },
  };
  const sum = (date: string, tokenId = id) =>
    state.batches
      .flat()
      .filter(delta => delta.date === date && delta.tokenId === tokenId)
      .reduce((total, { count }) => total + count, 0);
  return { faulty, state, sum };
}

const open: { close(): Promise<void> }[] = [];
const lost: number[] = [];
const onLost = (uses: number) => void lost.push(uses);
const meterOver = (over: Store, limits = defaultLimits.usage) => {
  lost.length = 0;
  const meter = createUsageMeter(over, now, limits, onLost);
  open.push(meter);
  return meter;
};
afterEach(async () => {
  for (const meter of open.splice(0)) await meter.close();
});

test('uses are written together, once', async () => {
  const { faulty, state } = flaky();
  const meter = meterOver(faulty);
  clock.ms = morning;
  for (let n = 0; n < 1000; n++) meter.note(id);
  clock.ms += 5;
  meter.note(id);
  meter.note('other');
  expect(state.batches).toEqual([]);
  await meter.flush();
  await meter.flush();
  const date = '2024-02-28';
  expect(state.batches).toEqual([
    [
      { tokenId: id, date, count: 1001, lastUsedAt: morning + 5 },
      { tokenId: 'other', date, count: 1, lastUsedAt: morning + 5 },
    ],
  ]);
});

test('each day has its own count, from the first millisecond after midnight in UTC', async () => {
  const { faulty, sum } = flaky();
  const meter = meterOver(faulty);
  clock.ms = midnight - 1;
  meter.note(id);
  meter.note(id);
  clock.ms = midnight;
  meter.note(id);
  await meter.flush();
  expect([sum('2024-02-28'), sum('2024-02-29')]).toEqual([2, 1]);
});

test('a clock set back over midnight counts for the day it shows', async () => {
  const { faulty, sum } = flaky();
  const meter = meterOver(faulty);
  for (const at of [midnight, midnight - 1, midnight]) {
    clock.ms = at;
    meter.note(id);
  }
  await meter.flush();
  expect([sum('2024-02-28'), sum('2024-02-29')]).toEqual([1, 2]);
});

describe('an outage', () => {
  test('loses no use that is counted during it', async () => {
    const { faulty, state, sum } = flaky();
    const meter = meterOver(faulty);
    clock.ms = morning;
    state.down = true;
    meter.note(id);
    const failing = meter.flush();
    clock.ms += 1;
    meter.note(id);
    await failing;
    await meter.flush();
    state.down = false;
    await meter.flush();
    expect(sum('2024-02-28')).toBe(2);
    expect(state.batches.flat().at(-1)?.lastUsedAt).toBe(morning + 1);
  });
  test('that lasts over two midnights counts each day separately, and loses nothing', async () => {
    const { faulty, state, sum } = flaky();
    const meter = meterOver(faulty);
    state.down = true;
    for (let day = 0; day < 3; day++) {
      for (let n = 0; n < 4; n++) {
        clock.ms = midnight + day * 86_400_000 + n;
        meter.note(id);
        const failing = meter.flush();
        meter.note(id);
        await failing;
      }
    }
    state.down = false;
    await meter.flush();
    expect(['2024-02-29', '2024-03-01', '2024-03-02'].map(date => sum(date))).toEqual([8, 8, 8]);
  });
  test('uses no more memory than the limit', async () => {
    const { faulty, state } = flaky();
    const meter = meterOver(faulty, { flushMs: 1e6, pendingMax: 10 });
    state.down = true;
    for (let n = 0; n < 1000; n++) {
      meter.note(`token ${n}`);
      await meter.flush();
    }
    // The write that the last use started has failed by the next turn of the event loop.
    await setImmediate();
    state.down = false;
    await meter.flush();
    expect(state.batches.flat()).toHaveLength(10);
  });
  test('tells what it could not count, at most once a minute', async () => {
    const { faulty, state } = flaky();
    const meter = meterOver(faulty, { flushMs: 1e6, pendingMax: 2 });
    state.down = true;
    for (let n = 0; n < 10; n++) {
      clock.ms = morning + n;
      meter.note(`token ${n}`);
      await meter.flush();
    }
    expect(lost).toEqual([1]);
    clock.ms = morning + 60_009;
    await meter.flush();
    expect(lost).toEqual([1, 7]);
  });
  test('that fills the memory loses the oldest day first', async () => {
    const { faulty, state, sum } = flaky();
    const meter = meterOver(faulty, { flushMs: 1e6, pendingMax: 4 });
    state.down = true;
    clock.ms = midnight - 1;
    for (const name of ['a', 'b']) meter.note(name);
    await meter.flush();
    clock.ms = midnight;
    for (const name of ['a', 'b', 'c', id, id]) meter.note(name);
    await meter.flush();
    state.down = false;
    await meter.flush();
    expect(state.batches.flat().map(({ date }) => date)).toEqual(Array(4).fill('2024-02-29'));
    expect(sum('2024-02-28', 'a')).toBe(0);
    expect(lost).toEqual([2]);
  });
  test('in which the store does not answer holds one write, and no more than the limit', async () => {
    const given: number[] = [];
    let answer = (_: UsageDelta[]) => {};
    const hanging: Store = {
      ...store,
      addUsage: deltas => {
        given.push(deltas.length);
        return new Promise(resolve => {
          answer = resolve;
        });
      },
    };
    const meter = createUsageMeter(hanging, now, { flushMs: 1e6, pendingMax: 10 }, onLost);
    for (let n = 0; n < 100; n++) {
      meter.note(`token ${n}`);
      void meter.flush();
    }
    expect(given).toEqual([1]);
    answer([]);
    await setImmediate();
    expect(given).toEqual([1, 9]);
    const closing = meter.close();
    answer([]);
    await closing;
  });
});

test('reaching half of the limit writes at once', async () => {
  const { faulty, state } = flaky();
  const meter = meterOver(faulty, { flushMs: 1e6, pendingMax: 6 });
  for (const name of ['a', 'b', 'c', 'd']) meter.note(name);
  await Promise.resolve();
  await Promise.resolve();
  expect(state.batches.flat().map(({ tokenId }) => tokenId)).toEqual(['a', 'b', 'c']);
});

test('closing writes the last counts', async () => {
  const { faulty, state } = flaky();
  const meter = createUsageMeter(faulty, now, defaultLimits.usage, onLost);
  meter.note(id);
  await meter.close();
  expect(state.batches.flat()).toHaveLength(1);
});

test('counts that the store could not add are written next time, and none twice', async () => {
  const { faulty, state } = flaky();
  const meter = meterOver(faulty);
  for (const name of ['a', 'b', 'c']) meter.note(name);
  state.room = 1;
  await meter.flush();
  state.room = Number.POSITIVE_INFINITY;
  await meter.flush();
  await meter.flush();
  expect(state.batches.map(batch => batch.map(({ tokenId }) => tokenId))).toEqual([
    ['a'],
    ['b', 'c'],
  ]);
});

test('closing waits for the write in progress, and retries what failed', async () => {
  const { faulty, state, sum } = flaky();
  const meter = createUsageMeter(faulty, now, defaultLimits.usage, onLost);
  clock.ms = morning;
  state.down = true;
  meter.note(id);
  const failing = meter.flush();
  const closing = meter.close();
  await failing;
  state.down = false;
  await closing;
  expect(sum('2024-02-28')).toBe(1);
});

test('the address of the last use is written with the counts', async () => {
  const { faulty, state } = flaky();
  const meter = meterOver(faulty);
  clock.ms = morning;
  for (const from of ['192.0.2.1', '192.0.2.2']) meter.note(id, from);
  await meter.flush();
  expect(state.batches.flat()).toMatchObject([{ count: 2, lastUsedFrom: '192.0.2.2' }]);
  meter.note(id, '192.0.2.3');
  meter.note(id);
  await meter.flush();
  expect(state.batches.flat()[1]?.lastUsedFrom).toBeUndefined();
});

test('refusals are counted by reason, beside the uses', async () => {
  const meter = meterOver(store);
  const { record } = await tokens.create(admin, 'static', fields());
  clock.ms = morning;
  meter.note(record.id);
  for (const reason of ['EXPIRED', 'RATE_LIMITED', 'EXPIRED'] as const) {
    meter.noteRefusal(record.id, reason);
  }
  await meter.flush();
  const on = { '2024-02-28': 1 };
  expect(await meter.report(reader, record.id)).toEqual({
    usage: { days: on, lastUsedAt: morning },
    refusals: [
      ['EXPIRED', { days: { '2024-02-28': 2 }, lastUsedAt: morning }],
      ['RATE_LIMITED', { days: on, lastUsedAt: morning }],
    ],
  });
  expect((await tokens.get(reader, record.id)).usage.days).toEqual(on);
});

describe('reading', () => {
  test('over the real store, summed over batches, and shown by get and list', async () => {
    const meter = meterOver(store);
    const { record } = await tokens.create(admin, 'static', fields({ owner: 'ann' }));
    clock.ms = morning;
    for (let batch = 0; batch < 3; batch++) {
      meter.note(record.id);
      clock.ms += 10;
      meter.note(record.id);
      await meter.flush();
    }
    const usage = { days: { '2024-02-28': 6 }, lastUsedAt: morning + 30 };
    expect(await meter.read(reader, record.id)).toEqual(usage);
    expect((await tokens.get(reader, record.id)).usage).toEqual(usage);
    const page = await tokens.list(reader, { pageSize: 1, sort: 'newest' });
    expect(page.usage).toEqual([usage]);
    expect((await store.get(record.id))?.revision).toBe(1);
  });
  test('is allowed only for callers who may read the access token', async () => {
    const meter = meterOver(store);
    const { record } = await tokens.create(admin, 'static', fields({ owner: 'ann' }));
    expect(await meter.read(adminOf('ann'), record.id)).toEqual({ days: {} });
    await expectRefused(meter.read(adminOf('bob'), record.id), 'NOT_FOUND');
    const withoutScopes = { ...reader, scopes: [] };
    await expectRefused(meter.read(withoutScopes, record.id), 'PERMISSION_DENIED');
    await expectRefused(meter.read(reader, 'x'), 'INVALID_ARGUMENT', /^id: /);
  });
});
