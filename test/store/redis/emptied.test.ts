/** A Redis that came back empty, or is another one, makes no good access token unknown. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityKey, lostStoreKey, marksKey } from '../../../src/store/redis/keys.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { until } from '../../until.ts';
import { create, creation, revocation } from '../changes.ts';
import { untilCached } from '../until-cached.ts';
import { type OpenStores, openStores, said } from './open-store.ts';
import { type RedisServer, startRedis } from './server.ts';
import { type RedisCluster, startCluster } from './topologies.ts';

let server: RedisServer;
let stores: OpenStores;
const url = () => `redis://127.0.0.1:${server.port}`;
const by = { actor: 'admin', peer: '127.0.0.1' };

beforeEach(async () => {
  server = await startRedis();
  stores = openStores();
});
afterEach(async () => {
  await stores.close();
  await server.stop();
});

test('the identity is made once', async () => {
  const first = await stores.openUp(url());
  const identity = await server.send('GET', identityKey);
  expect(identity).toMatch(/^[0-9a-f-]{36}$/);
  const second = await stores.openUp(url());
  expect(await server.send('GET', identityKey)).toBe(identity);
  expect([...first.warnings, ...second.warnings].join()).not.toContain('the store');
});

test('of a Redis that comes back empty, no access token is unknown', async () => {
  const { store, warnings } = await stores.openUp(url());
  const [record] = await create(store, {});
  const id = record?.id ?? '';
  const identity = await server.send('GET', identityKey);
  await untilCached(store, id);
  await server.kill();
  await server.restart();
  const seen = new Set<string>();
  await until(async () => {
    seen.add(await said(store, id));
    return warnings.some(warning => warning.includes('came back empty'));
  });
  seen.add(await said(store, id));
  seen.add(await said(store, 'never'));
  expect([...seen]).toEqual(['unavailable']);
  await expect((async () => store.get(id))()).rejects.toBeInstanceOf(Unavailable);
  await expect((async () => store.findImported('digest'))()).rejects.toBeInstanceOf(Unavailable);
  await expect((async () => store.isSessionEnded('a'))()).rejects.toBeInstanceOf(Unavailable);
  await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  expect(store.health.up).toBe(false);
  // Nothing is written but the note for replicas that start now.
  expect(await server.send('GET', lostStoreKey)).toBe(identity);
  expect(await server.send('EXISTS', identityKey)).toBe(0);
});

test('what was revoked before a flush stays revoked', async () => {
  const { store } = await stores.openUp(url());
  const [good, bad] = await create(store, {}, {});
  if (good === undefined || bad === undefined) throw new Error('not made');
  await store.commit(revocation(bad));
  await until(async () => (await untilCached(store, bad.id)).record?.revokedAt !== undefined);
  const found = await untilCached(store, good.id);
  await server.send('FLUSHALL');
  await until(() => !store.isCurrent(found));
  expect(await said(store, good.id)).toBe('unavailable');
  expect(await store.find(bad.id)).toMatchObject({
    stale: true,
    record: { revokedAt: bad.createdAt },
  });
});

test('after a flush a replica that starts stays down, until all are accepted at once', async () => {
  const first = await stores.openUp(url());
  const [record] = await create(first.store, {});
  const id = record?.id ?? '';
  await server.send('FLUSHALL');
  await until(async () => (await server.send('EXISTS', lostStoreKey)) === 1);
  const second = await stores.open(url());
  expect(await said(second.store, id)).toBe('unavailable');
  expect(second.store.health.up).toBe(false);
  expect((await second.store.storeStatus()).problem).toContain('lost its content');
  await first.store.acceptStore(by);
  await until(() => first.store.health.up && second.store.health.up);
  expect(await said(first.store, id)).toBe('unknown');
  expect(await said(second.store, id)).toBe('unknown');
  const [entry] = await first.store.events({ order: 'newest', limit: 1 });
  expect(entry).toMatchObject({ action: 'store.accept', ...by });
});

test('into another store nothing is written, and it is accepted by each that knew the same', async () => {
  const [a, b] = [await stores.openUp(url()), await stores.openUp(url())];
  await create(a.store, {});
  await until(async () => (await b.store.storeStatus()).head?.sequence === 1);
  await server.send('FLUSHALL');
  await server.send('SET', identityKey, 'another');
  await until(async () => (await a.store.storeStatus()).problem?.includes('another one') ?? false);
  await until(() => !a.store.health.up && !b.store.health.up);
  const keys = (await server.send('KEYS', 'usher:{log}*')) as string[];
  expect(keys.filter(key => !key.endsWith(':lost'))).toEqual([identityKey]);
  await b.store.acceptStore(by);
  await until(() => a.store.health.up && b.store.health.up);
  expect(await server.send('GET', identityKey)).toBe('another');
});

test('a store that is restored is up again', async () => {
  const { store } = await stores.openUp(url());
  const [record] = await create(store, {});
  await server.send('SAVE');
  await server.send('FLUSHALL');
  await until(() => !store.health.up);
  await server.kill();
  await server.restart();
  await until(() => store.health.up);
  expect(await said(store, record?.id ?? '')).toBe('good');
});

test('an empty store is taken for a new one after a while only', async () => {
  const opening = stores.open(url(), { claimWaitMs: 1500 });
  await until(async () => String(await server.send('CLIENT', 'LIST')).includes('usher-read'));
  expect(await server.send('EXISTS', identityKey)).toBe(0);
  const { store } = await opening;
  expect(await said(store, 'a')).toBe('unknown');
  expect(await server.send('EXISTS', identityKey)).toBe(1);
});

test('the identity is made also while the memory is full', async () => {
  await server.send('CONFIG', 'SET', 'maxmemory', '1mb');
  const { store } = await stores.openUp(url());
  expect(await said(store, 'a')).toBe('unknown');
  expect(await server.send('EXISTS', identityKey)).toBe(1);
});

test('in a cluster, a loss that no feed tells ends what is cached as unknown', async () => {
  const cluster = await startCluster();
  try {
    const { store } = await stores.openUp(cluster.url, { markSettleMs: 0 });
    const marked: RedisServer[] = [];
    const marksOf = async (node: RedisServer) =>
      (await node.send('KEYS', 'usher:mark:*')) as string[];
    await until(async () => {
      marked.length = 0;
      for (const node of cluster.nodes) if ((await marksOf(node)).length > 0) marked.push(node);
      return marked.length === 2;
    });
    await until(() => !(store.find('a') instanceof Promise));
    for (const node of marked) await node.send('DEL', ...(await marksOf(node)));
    await until(async () => (await said(store, 'a')) === 'unavailable');
  } finally {
    await stores.close();
    await cluster.stop();
  }
});

test('in a cluster, one emptied master is enough', async () => {
  const cluster = await startCluster();
  try {
    for (const node of cluster.nodes) {
      const { store } = await stores.open(cluster.url, { markSettleMs: 0 });
      const { record } = creation();
      await until(async () => (await said(store, record.id)) === 'unknown');
      // A master that was not seen yet has no mark that it could lose.
      await untilListed(cluster);
      await node.send('FLUSHALL');
      await until(async () => (await said(store, record.id)) === 'unavailable');
      await store.close();
      for (const each of cluster.nodes) await each.send('FLUSHALL');
    }
  } finally {
    await stores.close();
    await cluster.stop();
  }
});

test('of a master that was emptied before a replica started, nothing is unknown until accepted', async () => {
  const cluster = await startCluster();
  try {
    const { store } = await stores.openUp(cluster.url, { markSettleMs: 0 });
    await untilListed(cluster);
    await store.close();
    const others = [];
    for (const node of cluster.nodes) {
      if ((await node.send('EXISTS', identityKey).catch(() => 0)) === 0) others.push(node);
    }
    await others[0]?.send('FLUSHALL');
    const [late, later] = [await stores.open(cluster.url), await stores.open(cluster.url)];
    const { record } = creation();
    await until(() => late.warnings.join().includes('came back empty'));
    expect(await said(late.store, record.id)).toBe('unavailable');
    expect(late.store.health.up).toBe(false);
    await late.store.acceptStore(by);
    await until(async () => (await said(late.store, record.id)) === 'unknown');
    await until(async () => (await said(later.store, record.id)) === 'unknown');
    await until(() => late.store.health.up && later.store.health.up);
  } finally {
    await stores.close();
    await cluster.stop();
  }
});

/** Waits until the marks of the masters without the log are listed beside it. */
async function untilListed({ nodes }: RedisCluster): Promise<void> {
  await until(async () => {
    const counts = await Promise.all(
      nodes.map(node => node.send('HLEN', marksKey).catch(() => undefined)),
    );
    return counts.includes(nodes.length - 1);
  });
}
