/** What the Redis store says of each fault: up or not, the reason, and what is degraded. */

import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import type { CoherentLimits } from '../../../src/store/cache/limits.ts';
import type { Degradable } from '../../../src/store/health.ts';
import { headsKey } from '../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../src/store/redis/limits.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { freePort } from '../../free-port.ts';
import { redisLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { until } from '../../until.ts';
import { create, creation, revocation } from '../changes.ts';
import { untilCached } from '../until-cached.ts';
import { keysOf, type RedisServer, startRedis } from './server.ts';
import { startCluster } from './topologies.ts';

let server: RedisServer;
const stores: Store[] = [];

const open = async (
  url: string,
  limits: Partial<RedisLimits> = {},
  cache: Partial<CoherentLimits> = {},
) => {
  const some = redisLimits({ pingIntervalMs: 50, ...limits });
  const store = await openRedis(redisAddress(url), {
    now: Date.now,
    seal: testSeal,
    limits: some.limits,
    cache: { ...some.cache, ...cache },
  });
  stores.push(store);
  return store;
};
const here = (userInfo = '', path = '') => `redis://${userInfo}127.0.0.1:${server.port}${path}`;
const detailOf = (store: Store, what: Degradable) =>
  store.health.degraded.find(each => each.what === what)?.detail;

beforeEach(async () => {
  server = await startRedis();
});
afterEach(async () => {
  server.resume();
  for (const store of stores.splice(0)) await store.close();
  await server.stop();
});

describe('a start that cannot work says why', () => {
  const fails = async (url: string, words: string) => {
    const store = await open(url);
    await until(() => store.health.reason?.includes(words) === true);
    expect(store.health.up).toBe(false);
    expect(store.health.reason).not.toMatch(/hunter2|127\.0\.0\.1/);
    return store;
  };

  test('no server', async () => {
    await fails(`redis://127.0.0.1:${await freePort()}`, 'ECONNREFUSED');
  });

  test('no such host', async () => {
    await fails('redis://redis.invalid', 'ENOTFOUND');
  });

  test('no password, then a wrong one', async () => {
    await server.send('CONFIG', 'SET', 'requirepass', 'right');
    await fails(here(), 'NOAUTH');
    await fails(here(':hunter2@'), 'WRONGPASS');
  });

  test('a user without permissions', async () => {
    await server.send('ACL', 'SETUSER', 'usher', 'on', '>hunter2', '~other:*', '+@all');
    await fails(here('usher:hunter2@'), 'NOPERM');
  });

  test('no Sentinel, and no node of a Cluster', async () => {
    await fails(`redis-sentinel://127.0.0.1:${await freePort()}/usher`, 'no Sentinel answers');
    await fails(`redis-cluster://127.0.0.1:${await freePort()}`, 'ECONNREFUSED');
  });

  test('a Cluster where there is none', async () => {
    await fails(here().replace('redis:', 'redis-cluster:'), 'no Cluster');
  });

  test('a node of a Cluster, as if it were alone', async () => {
    const node = await startRedis({ config: ['cluster-enabled yes'] });
    try {
      await node.send('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
      await fails(`redis://127.0.0.1:${node.port}`, 'redis-cluster://');
      await fails(`redis://127.0.0.1:${node.port}/1`, 'redis-cluster://');
    } finally {
      for (const store of stores.splice(0)) await store.close();
      await node.stop();
    }
  });

  test('a server that is loading its data', async () => {
    const slow = await startRedis({
      config: [
        'rdbcompression no',
        'loading-process-events-interval-bytes 1024',
        'key-load-delay 200000',
      ],
    });
    try {
      for (let n = 0; n < 10; n++) await slow.send('SET', `key:${n}`, 'x'.repeat(4096));
      await slow.send('SAVE');
      await slow.kill();
      await slow.restart();
      const store = await fails(`redis://127.0.0.1:${slow.port}`, 'LOADING');
      await until(() => store.health.up);
    } finally {
      for (const store of stores.splice(0)) await store.close();
      await slow.stop();
    }
  });

  test('an empty server that refuses writes', async () => {
    await server.send('CONFIG', 'SET', 'min-replicas-to-write', '1');
    const store = await fails(here(), 'takes no first write: Redis refuses writes');
    await server.send('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await until(() => store.health.up);
  });

  test('a Redis replica', async () => {
    await server.send('REPLICAOF', '127.0.0.1', await freePort());
    await server.send('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
    const store = await fails(here(), 'READONLY');
    const said = new Set([store.health.reason]);
    store.health.onChange(() => said.add(store.health.reason));
    // It is asked on new connections again and again, which is no news.
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(`${await server.send('INFO', 'stats')}`)?.[1]);
    const before = await connections();
    await until(async () => (await connections()) > before + 60);
    expect([...said]).toEqual([expect.stringContaining('READONLY')]);
  });
});

test('a database that Redis does not have is not database 0', async () => {
  const store = await open(here('', '/16'));
  await until(() => store.health.reason?.includes('no database') === true);
  await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  await expect((async () => store.get('a'))()).rejects.toBeInstanceOf(Unavailable);
  expect(await server.send('DBSIZE')).toBe(0);
});

test('a database that it has is used', async () => {
  const store = await open(here('', '/15'));
  await create(store, {});
  expect(store.health.up).toBe(true);
  expect(await server.send('DBSIZE')).toBe(0);
});

describe('changes are degraded, and verdicts go on', () => {
  const degraded = async (store: Store, words: string) => {
    await until(() => detailOf(store, 'changes')?.includes(words) === true);
    expect([store.health.up, store.health.reason]).toEqual([true, undefined]);
  };
  const healed = (store: Store) => until(() => store.health.degraded.length === 0);

  test('while writes are paused', async () => {
    const store = await open(here(), { adminTimeoutMs: 100, ackTimeoutMs: 1 });
    const [record] = await create(store, {});
    await healed(store);
    // The probe of the feed is a write on the connection of reads.
    await until(() => store.feed.isLive());
    await server.send('CLIENT', 'PAUSE', 60_000, 'WRITE');
    await degraded(store, 'in time');
    expect(await store.get(record?.id ?? '')).toEqual(record);
    await server.send('CLIENT', 'UNPAUSE');
    await healed(store);
  });

  test('while the memory is full, and revoking works', async () => {
    const store = await open(here());
    const [record] = await create(store, {});
    if (record === undefined) throw new Error('not made');
    await server.send('CONFIG', 'SET', 'maxmemory', '1mb');
    await degraded(store, 'only revoking works');
    expect(await store.commit(revocation(record))).toEqual({ outcome: 'done' });
    await server.send('CONFIG', 'SET', 'maxmemory', '0');
    await healed(store);
  });

  test('while Redis wants more Redis replicas', async () => {
    const store = await open(here());
    await server.send('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await degraded(store, 'NOREPLICAS');
    await server.send('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await healed(store);
  });

  test('while Usher wants more Redis replicas', async () => {
    const store = await open(here(), { ackReplicas: 1, heartbeatMs: 0, ackTimeoutMs: 20 });
    await degraded(store, '0 of the 1 Redis replicas');
  });

  test('while the last save has failed', async () => {
    const store = await open(here());
    await until(() => store.health.up);
    await server.send('CONFIG', 'SET', 'save', '3600 1');
    const [, folder] = (await server.send('CONFIG', 'GET', 'dir')) as [string, string];
    await rm(folder, { recursive: true });
    await server.send('BGSAVE');
    await degraded(store, 'MISCONF');
    await server.send('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    await healed(store);
  });

  test('the check of changes writes nothing', async () => {
    const store = await open(here());
    await until(() => store.health.up);
    // A replica writes its head once per lease; the first one adds a key.
    await until(async () => (await server.send('EXISTS', headsKey)) === 1);
    const keys = await keysOf(server);
    await server.send('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await degraded(store, 'NOREPLICAS');
    await server.send('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await healed(store);
    expect(await keysOf(server)).toEqual(keys);
  });
});

test('while stale verdicts are given, the store is up and says so; then it is down', async () => {
  const store = await open(here(), {}, { staleMaxMs: 1500 });
  const [record] = await create(store, {});
  await untilCached(store, record?.id ?? '');
  await server.kill();
  await until(() => detailOf(store, 'stale')?.includes('ECONNREFUSED') === true);
  expect(store.health.up).toBe(true);
  expect(await store.find(record?.id ?? '')).toMatchObject({ stale: true, record });
  await until(() => !store.health.up);
  expect(store.health.reason).toContain('ECONNREFUSED');
  // A record is given for `staleMaxMs` from when it was last known to be current.
  await until(async () => {
    try {
      await store.find(record?.id ?? '');
      return false;
    } catch (error) {
      return error instanceof Unavailable;
    }
  });
});

test('a feed that is not live is degraded, with its reason', async () => {
  await server.send('ACL', 'SETUSER', 'usher', 'on', '>right', '~*', '&*', '+@all');
  const store = await open(here('usher:right@'));
  await until(() => store.feed.isLive());
  // It cannot connect again, as the others would have to.
  await server.send('ACL', 'SETUSER', 'usher', 'resetpass', '>other');
  await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until(() => detailOf(store, 'feed')?.includes('WRONGPASS') === true);
  expect(store.health.up).toBe(true);
  await server.send('ACL', 'SETUSER', 'usher', '>right');
  await until(() => store.health.degraded.length === 0);
});

test('one dead master of a Cluster leaves the store up', async () => {
  const cluster = await startCluster();
  try {
    const store = await open(cluster.url);
    await create(store, ...Array.from({ length: 12 }, () => ({})));
    await until(() => store.health.degraded.length === 0);
    const ups = new Set<boolean>();
    store.health.onChange(() => ups.add(store.health.up));
    await cluster.nodes[1]?.kill();
    await until(() => detailOf(store, 'masters')?.includes('2 of 3 masters') === true);
    await until(() => detailOf(store, 'feed') !== undefined);
    expect([...ups]).toEqual([true]);
    await cluster.nodes[1]?.restart();
    await until(() => store.health.degraded.length === 0);
    expect([...ups]).toEqual([true]);
  } finally {
    for (const store of stores.splice(0)) await store.close();
    await cluster.stop();
  }
});
