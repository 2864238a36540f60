/**
 * A failover just after the first start loses what names the store, and nothing else. The replicas go on by
 * themselves; a master that was emptied is still noticed.
 */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityKey, marksKey } from '../../../src/store/redis/keys.ts';
import { until } from '../../until.ts';
import { create } from '../changes.ts';
import { takesChanges } from '../takes-changes.ts';
import { type OpenStores, openStores, said } from './open-store.ts';
import type { RedisServer } from './server.ts';
import { addReplicas, type RedisCluster, startCluster, startSentinels } from './topologies.ts';

/** Longer than any of these tests. */
const markSettleMs = 600_000;
const limits = { markSettleMs, clusterRefreshMs: 200, feedPingMs: 100, leaseMs: 500 };
let stores: OpenStores;
beforeEach(() => {
  stores = openStores();
});
afterEach(() => stores.close());

async function blockReplication(master: RedisServer): Promise<void> {
  await master.send('ACL', 'SETUSER', 'default', '-psync', '-sync', '-replconf');
  await master.send('CLIENT', 'KILL', 'TYPE', 'replica');
}

const untilPromoted = (replica: RedisServer) =>
  until(async () => ((await replica.send('ROLE')) as string[])[0] === 'master', 60_000);

const marksOf = async (node: RedisServer) => (await node.send('KEYS', 'usher:mark:*')) as string[];

/** The place of a master that has no log, once it has its mark. */
async function markedMaster({ nodes }: RedisCluster): Promise<number> {
  let place = -1;
  await until(async () => {
    const marks = await Promise.all(nodes.map(marksOf));
    place = marks.findIndex(each => each.length > 0);
    return marks.filter(each => each.length > 0).length === nodes.length - 1;
  });
  return place;
}

test('in a Cluster, a failover that loses a fresh mark is over by itself', {
  timeout: 90_000,
}, async () => {
  const cluster = await startCluster();
  const replicas = await addReplicas(cluster);
  try {
    for (const master of cluster.nodes) await blockReplication(master);
    const [a, b] = [
      await stores.openUp(cluster.url, limits),
      await stores.openUp(cluster.url, limits),
    ];
    const place = await markedMaster(cluster);
    const [master, replica] = [cluster.nodes[place], replicas[place]];
    if (master === undefined || replica === undefined) throw new Error('no node');
    await master.kill();
    await untilPromoted(replica);
    // Another mark is left, and unknown access tokens are unknown.
    await until(async () => (await marksOf(replica)).length > 0);
    for (const { store } of [a, b]) {
      await until(async () => store.health.up && (await said(store, 'never')) === 'unknown');
    }
    expect([...a.warnings, ...b.warnings].join()).not.toContain('came back empty');
    await until(() => takesChanges(a.store));
    const [token] = await create(a.store, {});
    await until(async () => (await said(b.store, token?.id ?? '')) === 'good');
  } finally {
    await stores.close();
    for (const replica of replicas) await replica.stop();
    await cluster.stop();
  }
});

test('in a Cluster, a master that is emptied before its mark has settled is noticed', async () => {
  const cluster = await startCluster();
  try {
    const { store, warnings } = await stores.openUp(cluster.url, limits);
    const place = await markedMaster(cluster);
    await create(store, ...Array.from({ length: 24 }, () => ({})));
    await cluster.nodes[place]?.send('FLUSHALL');
    await until(() => warnings.join().includes('came back empty'));
    expect(store.health.up).toBe(false);
    expect(await said(store, 'never')).toBe('unavailable');
    const listed = await Promise.all(
      cluster.nodes.map(node => node.send('HLEN', marksKey).catch(() => 0)),
    );
    expect(listed).toContain(1);
  } finally {
    await stores.close();
    await cluster.stop();
  }
});

test('behind Sentinels, a failover that loses the identity of an unused store is over by itself', {
  timeout: 90_000,
}, async () => {
  const redis = await startSentinels();
  try {
    await blockReplication(redis.master);
    const [a, b] = [await stores.openUp(redis.url, limits), await stores.openUp(redis.url, limits)];
    const identity = await redis.master.send('GET', identityKey);
    expect(await redis.replica.send('GET', identityKey)).toBeNull();
    await redis.master.kill();
    await untilPromoted(redis.replica);
    for (const { store } of [a, b]) {
      await until(async () => store.health.up && (await said(store, 'never')) === 'unknown');
    }
    expect(await redis.replica.send('GET', identityKey)).toBe(identity);
    await until(() => takesChanges(a.store));
    const [token] = await create(a.store, {});
    await until(async () => (await said(b.store, token?.id ?? '')) === 'good');
  } finally {
    await stores.close();
    await redis.stop();
  }
});
