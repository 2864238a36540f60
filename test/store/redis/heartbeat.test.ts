/** A master without replicas is not read: it may have been deposed without knowing. */

import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { redisHeartbeat } from '../../../src/store/redis/heartbeat.ts';
import { heartbeatChannel } from '../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../src/store/redis/limits.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { defaultLimits, redisLimits } from '../../limits.ts';
import { startProxy } from '../../model/proxy.ts';
import { until } from '../../until.ts';
import { create } from '../changes.ts';
import { takesChanges } from '../takes-changes.ts';
import { untilCached } from '../until-cached.ts';
import { type RedisServer, startRedis } from './server.ts';

let master: RedisServer;
let replica: RedisServer;
let store: Store;

const open = (limits: Partial<RedisLimits>) =>
  openRedis(redisAddress(`redis://127.0.0.1:${master.port}`), {
    now: Date.now,
    ...redisLimits({
      pingIntervalMs: 50,
      leaseMs: 1000,
      feedPingMs: 50,
      heartbeatMs: 50,
      ackTimeoutMs: 100,
      ...limits,
    }),
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

test('a master whose only replica was promoted is not read, until another replica follows', async () => {
  store = await open({ ackReplicas: 1 });
  await until(() => takesChanges(store) && store.feed.isLive() === true);
  const [record] = await create(store, {});
  const found = await untilCached(store, record?.id ?? '');
  await replica.send('REPLICAOF', 'NO', 'ONE');
  await until(() => !store.isCurrent(found) && !store.health.up);
  expect(store.feed.isLive()).toBe(false);
  // The age of a verdict that callers get counts from there too.
  expect(store.feed.lagMs()).toBeGreaterThanOrEqual(1000);
  await expect((async () => store.find(record?.id ?? ''))()).rejects.toBeInstanceOf(Unavailable);
  await replica.send('REPLICAOF', '127.0.0.1', master.port);
  await until(() => store.health.up && store.feed.isLive() === true);
  expect((await untilCached(store, record?.id ?? '')).record).toEqual(record);
});

test('the replicas of another server than is read from say nothing', async () => {
  store = await open({ ackReplicas: 1, heartbeatMs: 0 });
  const stranger = await startRedis();
  const target = redisAddress(`redis://127.0.0.1:${master.port}`);
  const reader = new Redis({ port: stranger.port, host: '127.0.0.1' });
  const limits = { ...defaultLimits.store.redis, ackReplicas: 1, heartbeatMs: 20 };
  const heartbeat = redisHeartbeat(target, reader, limits, () => performance.now());
  try {
    const listener = new Redis({ port: master.port, host: '127.0.0.1' });
    let heartbeats = 0;
    listener.on('message', () => heartbeats++);
    await listener.subscribe(heartbeatChannel);
    await until(() => heartbeats > 4);
    listener.disconnect();
    expect(heartbeat.isLive()).toBe(false);
  } finally {
    heartbeat.stop();
    reader.disconnect();
    await stranger.stop();
  }
});

test('a heartbeat that stayed with another server than is read from finds the one that is', async () => {
  store = await open({ ackReplicas: 1, heartbeatMs: 0 });
  const old = await startRedis();
  const proxy = await startProxy(old.port);
  const target = redisAddress(`redis://127.0.0.1:${proxy.port}`);
  const reader = new Redis({ port: master.port, host: '127.0.0.1' });
  const limits = { ...defaultLimits.store.redis, ackReplicas: 1, heartbeatMs: 20 };
  const heartbeat = redisHeartbeat(target, reader, limits, () => performance.now());
  try {
    await until(async () => String(await old.send('CLIENT', 'LIST')).includes('usher-beat'));
    // Nothing closes the connection to the old server: as that of a master that hung for a moment.
    proxy.lead(master.port);
    await until(() => heartbeat.isLive());
  } finally {
    heartbeat.stop();
    reader.disconnect();
    await proxy.close();
    await old.stop();
  }
});

test.each<[string, Partial<RedisLimits>]>([
  ['without replicas to wait for', { ackReplicas: 0 }],
  ['where it is turned off', { ackReplicas: 1, heartbeatMs: 0 }],
])('%s, a master alone is read from', async (_, limits) => {
  store = await open(limits);
  await replica.send('REPLICAOF', 'NO', 'ONE');
  await until(async () => ((await master.send('ROLE')) as unknown[][])[2]?.length === 0);
  await until(() => store.health.up && store.feed.isLive() === true);
  expect((await untilCached(store, 'never')).record).toBeUndefined();
});
