/** A master that no replica follows any more, as one that was replaced without knowing, is not read from. */

import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { redisBeat } from '../../../src/store/redis/beat.ts';
import { beatKey } from '../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../src/store/redis/limits.ts';
import { defaultRedisLimits } from '../../../src/store/redis/limits.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { until } from '../../until.ts';
import { believe } from '../believe.ts';
import { create } from '../changes.ts';
import { type RedisServer, startRedis } from './server.ts';

let master: RedisServer;
let replica: RedisServer;
let store: Store;

const open = (limits: Partial<RedisLimits>) =>
  openRedis(redisAddress(`redis://127.0.0.1:${master.port}`), {
    now: Date.now,
    limits: {
      pingIntervalMs: 50,
      leaseMs: 1000,
      feedPingMs: 50,
      beatMs: 50,
      ackTimeoutMs: 100,
      ...limits,
    },
  });

beforeEach(async () => {
  master = await startRedis({ config: ['repl-diskless-sync-delay 0'] });
  replica = await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] });
  await until(async () => ((await replica.send('ROLE')) as string[])[3] === 'connected');
});
afterEach(async () => {
  replica.resume();
  await store.close();
  await replica.stop();
  await master.stop();
});

test('nothing is read from a master whose only replica was made one, until another follows', async () => {
  store = await open({ ackReplicas: 1 });
  await until(() => store.health.up && store.feed.isLive() === true);
  const [record] = await create(store, {});
  const found = await believe(store, record?.id ?? '');
  await replica.send('REPLICAOF', 'NO', 'ONE');
  await until(() => !store.isCurrent(found) && !store.health.up);
  expect(store.feed.isLive()).toBe(false);
  // What a caller is told of the age of a verdict counts from there too.
  expect(store.feed.heardMsAgo()).toBeGreaterThanOrEqual(1000);
  await expect((async () => store.find(record?.id ?? ''))()).rejects.toBeInstanceOf(Unavailable);
  await replica.send('REPLICAOF', '127.0.0.1', master.port);
  await until(() => store.health.up && store.feed.isLive() === true);
  expect((await believe(store, record?.id ?? '')).record).toEqual(record);
});

test('the replicas of another server than is read from say nothing', async () => {
  store = await open({ ackReplicas: 1, beatMs: 0 });
  const stranger = await startRedis();
  const target = redisAddress(`redis://127.0.0.1:${master.port}`);
  const reader = new Redis({ port: stranger.port, host: '127.0.0.1' });
  const limits = { ...defaultRedisLimits, ackReplicas: 1, beatMs: 20 };
  const beat = redisBeat(target, reader, limits, () => performance.now());
  try {
    const seen = new Set<unknown>();
    await until(async () => {
      seen.add(await master.send('GET', beatKey('read')));
      return seen.size > 4;
    });
    expect(beat.isLive()).toBe(false);
  } finally {
    beat.stop();
    reader.disconnect();
    await stranger.stop();
  }
});

test.each<[string, Partial<RedisLimits>]>([
  ['without replicas to wait for', { ackReplicas: 0 }],
  ['where it is turned off', { ackReplicas: 1, beatMs: 0 }],
])('%s, a master alone is read from', async (_, limits) => {
  store = await open(limits);
  await replica.send('REPLICAOF', 'NO', 'ONE');
  await until(async () => ((await master.send('ROLE')) as unknown[][])[2]?.length === 0);
  await until(() => store.health.up && store.feed.isLive() === true);
  expect((await believe(store, 'never')).record).toBeUndefined();
});
