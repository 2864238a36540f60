/** A Redis that lost its data makes no valid token unknown: the store is unavailable instead. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { asker } from '../../../src/store/redis/ask.ts';
import type { RedisClient } from '../../../src/store/redis/client.ts';
import { storeIdentity } from '../../../src/store/redis/identity.ts';
import { identityKey } from '../../../src/store/redis/keys.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { redisLimits } from '../../limits.ts';
import { until } from '../../until.ts';
import { create, creation, revocation } from '../changes.ts';
import { untilCached } from '../until-cached.ts';
import { type RedisServer, startRedis } from './server.ts';
import { startCluster } from './topologies.ts';

let server: RedisServer;
let warnings: string[];
const stores: Store[] = [];

async function open(url = `redis://127.0.0.1:${server.port}`, pingIntervalMs = 3_600_000) {
  const store = await openRedis(redisAddress(url), {
    now: Date.now,
    onWarning: message => warnings.push(message),
    ...redisLimits({ pingIntervalMs }),
  });
  stores.push(store);
  await until(() => store.feed.isLive() === true);
  return store;
}

beforeEach(async () => {
  warnings = [];
  server = await startRedis();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await server.stop();
});

/** The store's answer about an access token, as a word. */
async function told(store: Store, id: string): Promise<string> {
  try {
    return (await store.find(id)).record === undefined ? 'unknown' : 'known';
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return 'unavailable';
  }
}

test('the identity is created once', async () => {
  await open();
  const identity = await server.send('GET', identityKey);
  expect(identity).toMatch(/^[0-9a-f-]{36}$/);
  await open();
  expect(await server.send('GET', identityKey)).toBe(identity);
  expect(warnings).toEqual([]);
});

test('a Redis that restarts empty calls no access token unknown', async () => {
  const store = await open();
  const [record] = await create(store, {});
  const id = record?.id ?? '';
  await untilCached(store, id);
  await server.kill();
  await server.restart();
  const seen = new Set<string>();
  await until(async () => {
    seen.add(await told(store, id));
    return warnings.length > 0;
  });
  expect(await told(store, id)).toBe('unavailable');
  expect(await told(store, 'never')).toBe('unavailable');
  expect([...seen]).toEqual(['unavailable']);
  await expect((async () => store.get(id))()).rejects.toBeInstanceOf(Unavailable);
  await expect((async () => store.findImported('digest'))()).rejects.toBeInstanceOf(Unavailable);
  await expect((async () => store.isSessionEnded('a'))()).rejects.toBeInstanceOf(Unavailable);
  await until(() => !store.health.up);
  expect(warnings).toEqual([expect.stringContaining(identityKey)]);
});

test('an emptied Redis does not either, and cached revocations stay', async () => {
  const store = await open();
  const [good, bad] = await create(store, {}, {});
  if (good === undefined || bad === undefined) throw new Error('not made');
  await store.commit(revocation(bad));
  await until(async () => (await untilCached(store, bad.id)).record?.revokedAt !== undefined);
  const found = await untilCached(store, good.id);
  await server.send('FLUSHALL');
  await until(() => !store.isCurrent(found));
  expect(await told(store, good.id)).toBe('unavailable');
  expect(await store.find(bad.id)).toMatchObject({
    stale: true,
    record: { revokedAt: bad.createdAt },
  });
});

test('a server that knew the old store detects another store in its place', async () => {
  const store = await open(undefined, 50);
  await server.send('FLUSHALL');
  const later = await open();
  await until(() => !store.health.up);
  expect(await told(store, 'a')).toBe('unavailable');
  expect(await told(later, 'a')).toBe('unknown');
  expect(later.health.up).toBe(true);
});

test('a restored store is up again', async () => {
  const store = await open(undefined, 50);
  const identity = String(await server.send('GET', identityKey));
  await server.send('FLUSHALL');
  await until(() => !store.health.up);
  await server.send('SET', identityKey, identity);
  await until(() => store.health.up);
  expect(await told(store, 'a')).toBe('unknown');
  expect(warnings).toHaveLength(2);
});

test('the identity is written once a full Redis has space', async () => {
  await server.send('CONFIG', 'SET', 'maxmemory', '1mb');
  const store = await open(undefined, 50);
  expect(await told(store, 'a')).toBe('unknown');
  await server.send('CONFIG', 'SET', 'maxmemory', '0');
  await until(async () => (await server.send('GET', identityKey)) !== null);
  expect(warnings.filter(warning => warning.includes(identityKey))).toEqual([]);
});

test('a doubt during a check causes another check', async () => {
  let looks = 0;
  let meanwhile = () => {};
  const client = {
    options: { host: 'h', port: 1 },
    exists: async () => 1,
    get: async () => {
      looks++;
      meanwhile();
      return 'identity';
    },
  };
  const reads = asker({ ...client, on: () => {} } as unknown as RedisClient, () => undefined);
  const identity = storeIdentity(reads, warning => warnings.push(warning));
  await identity.isSame();
  await identity.confirmAbsence();
  const sure = looks;
  await identity.confirmAbsence();
  expect(looks).toBe(sure);

  meanwhile = () => {
    identity.doubt();
    meanwhile = () => {};
  };
  await identity.isSame();
  const doubted = looks;
  await identity.confirmAbsence();
  expect(looks).toBeGreaterThan(doubted);

  meanwhile = identity.doubt;
  identity.doubt();
  await expect(identity.confirmAbsence()).rejects.toBeInstanceOf(Unavailable);
});

test('in a cluster, one emptied master is detected', async () => {
  const cluster = await startCluster();
  try {
    for (const node of cluster.nodes) {
      const store = await open(cluster.url);
      const { record } = creation();
      expect(await told(store, record.id)).toBe('unknown');
      await node.send('FLUSHALL');
      await until(async () => (await told(store, record.id)) === 'unavailable');
      await store.close();
    }
  } finally {
    for (const store of stores.splice(0)) await store.close();
    await cluster.stop();
  }
});
