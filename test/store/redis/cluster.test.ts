/** The Redis store passes the suite on a Cluster, with its keys on all masters. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeAddress } from '../../../src/store/address.ts';
import { openStore } from '../../../src/store/open.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { storeLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { until } from '../../until.ts';
import { create, creation, intactLog, revocation } from '../changes.ts';
import { describeStore } from '../contract.ts';
import { type RedisCluster, startCluster } from './topologies.ts';

describeStore('redis cluster', async () => {
  const cluster = await startCluster();
  return {
    clear: async () => {
      for (const node of cluster.nodes) await node.send('FLUSHALL');
    },
    url: cluster.url,
    stop: () => cluster.stop(),
  };
});

describe('a redis cluster of three masters', () => {
  let cluster: RedisCluster;
  let store: Store;
  beforeAll(async () => {
    cluster = await startCluster();
    store = await openStore(storeAddress(cluster.url), {
      now: Date.now,
      seal: testSeal,
      limits: storeLimits(),
    });
  });
  afterAll(async () => {
    await store?.close();
    await cluster?.stop();
  });

  test('stores access tokens on all of them, and finds each', async () => {
    const records = await create(store, ...Array.from({ length: 30 }, () => ({})));
    for (const node of cluster.nodes) {
      const keys = (await node.send('KEYS', 'usher:token:*')) as string[];
      expect(keys.length).toBeGreaterThan(0);
    }
    for (const record of records) expect(await store.get(record.id)).toEqual(record);
  });

  test('while a node is down, only its access tokens are unavailable', async () => {
    const records = await create(store, ...Array.from({ length: 12 }, () => ({})));
    const logNode = String(await cluster.nodes[0]?.send('CLUSTER', 'KEYSLOT', '{log}'));
    const node = cluster.nodes[Number(logNode) < 5461 ? 1 : 0];
    if (node === undefined) throw new Error('no node');
    const lost = new Set((await node.send('KEYS', 'usher:token:*')) as string[]);
    const here = records.find(({ id }) => !lost.has(`usher:token:${id}`));
    const there = records.find(({ id }) => lost.has(`usher:token:${id}`));
    if (here === undefined || there === undefined) throw new Error('not spread');

    await node.kill();
    await expect(store.get(there.id)).rejects.toBeInstanceOf(Unavailable);
    expect(await store.get(here.id)).toEqual(here);
    // The others are verified, so the store is up; the missing master is named.
    await until(() => store.health.degraded.some(({ what }) => what === 'masters'));
    expect(store.health.degraded).toContainEqual({
      what: 'masters',
      detail: expect.stringContaining('2 of 3 masters answer'),
    });
    expect(store.health.up).toBe(true);
    // The change is recorded, but cannot be completed now.
    await expect(store.commit(revocation(there))).rejects.toBeInstanceOf(Unavailable);

    await node.restart();
    await until(() => store.health.up && store.health.degraded.length === 0);
    await until(async () => (await store.get(there.id))?.revokedAt !== undefined);
    await until(async () => (await intactLog(store)).at(-1)?.tokenId === there.id);
    expect(await store.commit(creation())).toEqual({ outcome: 'done' });
  });

  test('a cluster is found again after all nodes were down', async () => {
    const [record] = await create(store, {});
    for (const node of cluster.nodes) await node.kill();
    await expect((async () => store.get(record?.id ?? ''))()).rejects.toBeInstanceOf(Unavailable);
    await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
    const other = await openStore(storeAddress(cluster.url), {
      now: Date.now,
      seal: testSeal,
      limits: storeLimits({ redis: { openWaitMs: 50 } }),
    });
    expect(other.health.up).toBe(false);
    for (const node of cluster.nodes) await node.restart();
    for (const each of [store, other]) {
      await until(() => each.health.up);
      expect(await each.get(record?.id ?? '')).toEqual(record);
    }
    await other.close();
  });
});
