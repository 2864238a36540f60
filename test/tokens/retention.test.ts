/** Old entries of the audit log are removed, and the chain stays provable from the checkpoint on. */

import { expect, test } from 'vitest';
import { checkChain, type KnownEntry } from '../../src/api/audit-chain.ts';
import type { ChainedEvent } from '../../src/store/audit.ts';
import { fixedRetentionLimits } from '../../src/tokens/limits.ts';
import { createRetention } from '../../src/tokens/retention.ts';
import { admin, fields, openOffice } from './setup.ts';

const day = 86_400_000;

function aged(limits = {}) {
  const office = openOffice();
  const { store, tokens, clock, now } = office;
  const retention = () =>
    createRetention({
      ...{ store, now, limits: { ...fixedRetentionLimits, days: 400, pageSize: 3, ...limits } },
      onFailure: error => expect.unreachable(String(error)),
    });
  const create = async (count: number) => {
    const made = [];
    for (let n = 0; n < count; n++) made.push(await tokens.create(admin, 'static', fields()));
    return made.map(({ record }) => record.id);
  };
  const log = (order: 'oldest' | 'newest' = 'oldest') => store.events({ order, limit: 1000 });
  const check = async (known?: KnownEntry, entries?: ChainedEvent[]) => {
    const exported = (entries ?? (await log())).map(entry => ({
      ...entry,
      time: new Date(entry.time).toISOString(),
    }));
    return await checkChain(exported as never, known);
  };
  const run = async () => {
    const once = retention();
    await once.run();
    await once.close();
  };
  return { ...office, create, log, check, run, clock, retention };
}

test('a process whose clock is not that of the store removes nothing', async () => {
  const { create, log, run, clock, store } = aged();
  await create(3);
  clock.ms += 500 * day;
  store.health.degrade('clock', 'this machine is 500 days ahead of Redis');
  await run();
  expect(await log()).toHaveLength(3);
  store.health.degrade('clock', undefined);
  await run();
  expect(await log()).toHaveLength(1);
});

test('entries older than the setting go, behind a checkpoint; the others stay', async () => {
  const { create, log, check, run, clock, audit, store } = aged();
  const [gone = ''] = await create(10);
  clock.ms += 200 * day;
  const [kept = ''] = await create(4);
  await run();
  expect(await log()).toHaveLength(14);
  const last = (await log())[9];

  clock.ms += 201 * day;
  await run();
  const left = await log();
  expect(left.map(({ sequence }) => sequence)).toEqual([11, 12, 13, 14, 15]);
  expect(left.at(-1)).toMatchObject({
    action: 'audit.checkpoint',
    after: { sequence: 10, hash: last?.hash, count: 10 },
    detail: 'removed 10 old entries, up to entry 10',
  });
  expect(await check()).toMatchObject({ whole: true, entries: 5, sequence: 15 });
  expect((await log('newest')).map(({ sequence }) => sequence)).toEqual([15, 14, 13, 12, 11]);

  const query = { pageSize: 2, oldestFirst: true };
  expect((await audit.list(admin, { ...query, tokenId: gone })).events).toEqual([]);
  expect((await audit.list(admin, { ...query, tokenId: kept })).events).toHaveLength(1);
  const { events, nextPageToken } = await audit.list(admin, query);
  expect(events[0]?.sequence).toBe(11);
  const next = await audit.list(admin, { ...query, pageToken: nextPageToken });
  expect(next.events[0]?.sequence).toBe(13);
  expect(await store.get(gone)).toBeDefined();
});

test('the newest entry is never removed, and a quiet log gets no further checkpoints', async () => {
  const { create, log, check, run, clock } = aged();
  await create(3);
  clock.ms += 1000 * day;
  await run();
  expect((await log()).map(({ action }) => action)).toEqual(['audit.checkpoint']);
  await run();
  expect(await log()).toHaveLength(1);
  expect(await check()).toMatchObject({ whole: true, entries: 1, sequence: 4 });
  clock.ms += 1000 * day;
  await create(1);
  await run();
  expect(await check()).toMatchObject({ whole: true, entries: 2, sequence: 6 });
});

test('replicas that remove at the same time add one checkpoint', async () => {
  const { create, log, check, run, clock } = aged();
  await create(8);
  clock.ms += 401 * day;
  await create(1);
  await Promise.all([run(), run(), run()]);
  expect((await log()).map(({ sequence }) => sequence)).toEqual([9, 10]);
  expect(await check()).toMatchObject({ whole: true, entries: 2 });
});

test('a removal that ended after its checkpoint is finished by the next', async () => {
  const { create, log, check, run, clock, store, now } = aged();
  await create(8);
  clock.ms += 401 * day;
  const removeEvents = async () => {
    throw new Error('killed');
  };
  const limits = { ...fixedRetentionLimits, days: 400, pageSize: 3 };
  const deps = { store: { ...store, removeEvents }, now, limits, onFailure: () => undefined };
  const killed = createRetention(deps);
  await expect(killed.run()).rejects.toThrow('killed');
  await killed.close();
  expect(await check()).toMatchObject({ whole: true, entries: 9 });
  await run();
  expect(await log()).toHaveLength(1);
  expect(await check()).toMatchObject({ whole: true });
});

test('with 0 days, entries are kept', async () => {
  const { create, log, clock, retention } = aged({ days: 0 });
  await create(3);
  clock.ms += 40_000 * day;
  const kept = retention();
  await kept.run();
  await kept.close();
  expect(await log()).toHaveLength(3);
});

test('a start that no checkpoint explains, or with another hash, is found', async () => {
  const { create, log, check, run, clock } = aged();
  await create(4);
  clock.ms += 401 * day;
  await create(3);
  await run();
  const left = await log();
  const [first, second] = left;
  if (first === undefined || second === undefined) throw new Error('no log');
  expect(await check(undefined, left.slice(1))).toMatchObject({ whole: false, sequence: 5 });
  expect(await check(undefined, left.slice(0, -1))).toMatchObject({ whole: false, sequence: 4 });
  const bent = [{ ...first, actor: 'someone' }, ...left.slice(1)];
  expect(await check(undefined, bent)).toMatchObject({ whole: false, sequence: 5 });
});

test('an earlier head is compared as long as the log or a checkpoint holds it', async () => {
  const { create, log, check, run, clock } = aged();
  await create(4);
  const before = await log();
  clock.ms += 401 * day;
  await create(2);
  await run();
  const [, , third, fourth] = before;
  if (third === undefined || fourth === undefined) throw new Error('no log');
  expect(await check(fourth)).toMatchObject({ whole: true });
  expect(await check({ ...fourth, hash: '0'.repeat(64) })).toMatchObject({ whole: false });
  const report = await check(third);
  expect(report).toMatchObject({ whole: false, problem: expect.stringContaining('was removed') });
  expect(await check({ sequence: 99, hash: '' })).toMatchObject({ whole: false });
});
