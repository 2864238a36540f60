/** In a Cluster and behind Sentinels, the feed follows every master that is read. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redisAddress } from '../../../../src/store/address.ts';
import type { AccessTokenRecord } from '../../../../src/store/record.ts';
import { identityKey, tokenKey } from '../../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../../src/store/redis/limits.ts';
import { openRedis } from '../../../../src/store/redis/store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { redisLimits } from '../../../limits.ts';
import { until } from '../../../until.ts';
import { create, revocation } from '../../changes.ts';
import { takesChanges } from '../../takes-changes.ts';
import { untilCached } from '../../until-cached.ts';
import type { RedisServer } from '../server.ts';
import { addNode, type RedisCluster, startCluster, startSentinels } from '../topologies.ts';

const stores: Store[] = [];

async function open(url: string, limits: Partial<RedisLimits> = {}): Promise<Store> {
  const store = await openRedis(redisAddress(url), {
    now: Date.now,
    ...redisLimits({ feedPingMs: 50, leaseMs: 1000, clusterRefreshMs: 200, ...limits }),
  });
  stores.push(store);
  await until(() => store.feed.isLive() === true);
  return store;
}

describe('a cluster', () => {
  let cluster: RedisCluster;
  let writer: Store;
  let reader: Store;
  let records: AccessTokenRecord[];
  beforeEach(async () => {
    cluster = await startCluster();
    writer = await open(cluster.url);
    reader = await open(cluster.url);
    records = await create(writer, ...Array.from({ length: 12 }, () => ({})));
    // Ids are random: the tests need a record on each master.
    for (const node of cluster.nodes) {
      while ((await keptBy(node)).length === 0) records.push(...(await create(writer, {})));
    }
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await cluster.stop();
  });
  const untilAllCached = () => Promise.all(records.map(({ id }) => untilCached(reader, id)));
  const keptBy = async (node: RedisServer) => {
    const keys = new Set((await node.send('KEYS', 'usher:token:*')) as string[]);
    return records.filter(({ id }) => keys.has(tokenKey(id)));
  };

  test('reports a change on each master', async () => {
    const all = await untilAllCached();
    expect(reader.feed.kind).toBe('tracking');
    for (const record of records) await writer.commit(revocation(record));
    await until(() => !all.some(found => reader.isCurrent(found)));
    for (const { record } of await untilAllCached()) expect(record?.revokedAt).toBeDefined();
  });

  test('with a dead master is not trusted until that one is live again', async () => {
    const all = await untilAllCached();
    const log = cluster.nodes.map(async node => ({
      node,
      hasLog: await node.send('EXISTS', identityKey).catch(() => 0),
    }));
    const node = (await Promise.all(log)).find(({ hasLog }) => hasLog === 0)?.node;
    if (node === undefined) throw new Error('no node');
    await node.kill();
    await until(() => reader.feed.isLive() === false);
    expect(all.some(found => reader.isCurrent(found))).toBe(false);
    await node.restart();
    await until(() => reader.feed.isLive() === true);
    const [record] = await keptBy(node);
    if (record === undefined) throw new Error('none there');
    const found = await untilCached(reader, record.id);
    await until(() => takesChanges(writer));
    await writer.commit(revocation(record));
    await until(() => !reader.isCurrent(found));
  });

  test('whose slots move to a new master is followed there', async () => {
    const [record] = records;
    if (record === undefined) throw new Error('not made');
    const all = await untilAllCached();
    const added = await addNode(cluster.nodes[0] as RedisServer);
    try {
      await moveSlotOf(tokenKey(record.id), cluster.nodes, added);
      expect(await keptBy(added)).toEqual([record]);
      // Records are cached again once the new master is followed too.
      await until(() => !all.some(found => reader.isCurrent(found)));
      const found = await untilCached(reader, record.id);
      await writer.commit(revocation(record));
      await until(() => !reader.isCurrent(found));
      expect((await untilCached(reader, record.id)).record?.revokedAt).toBeDefined();
    } finally {
      await added.stop();
    }
  });

  test('whose slots move between followed masters reports changes from the new one', async () => {
    const [record] = records;
    if (record === undefined) throw new Error('not made');
    const [from, to] = await Promise.all([
      ownerOf(record, cluster.nodes),
      otherOf(record, cluster.nodes),
    ]);
    await untilCached(reader, record.id);
    await moveSlotOf(tokenKey(record.id), [from], to, cluster.nodes);
    const found = await untilCached(reader, record.id);
    await writer.commit(revocation(record));
    await until(() => !reader.isCurrent(found));
    expect((await untilCached(reader, record.id)).record?.revokedAt).toBeDefined();
  });

  async function ownerOf({ id }: AccessTokenRecord, nodes: RedisServer[]) {
    for (const node of nodes) {
      if (((await node.send('KEYS', tokenKey(id))) as string[]).length > 0) return node;
    }
    throw new Error('nowhere');
  }
  async function otherOf(record: AccessTokenRecord, nodes: RedisServer[]) {
    const owner = await ownerOf(record, nodes);
    return nodes.find(node => node !== owner) as RedisServer;
  }
});

/** Moves the slot of a key, as redis-cli's reshard does. */
async function moveSlotOf(
  key: string,
  from: RedisServer[],
  to: RedisServer,
  all: RedisServer[] = [...from, to],
): Promise<void> {
  const slot = Number(await to.send('CLUSTER', 'KEYSLOT', key));
  const id = String(await to.send('CLUSTER', 'MYID'));
  for (const node of from) {
    const keys = (await node.send('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    if (keys.length === 0) continue;
    const fromId = String(await node.send('CLUSTER', 'MYID'));
    await to.send('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await node.send('CLUSTER', 'SETSLOT', slot, 'MIGRATING', id);
    await node.send('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
  }
  for (const node of [to, ...all.filter(node => node !== to)]) {
    await node.send('CLUSTER', 'SETSLOT', slot, 'NODE', id);
  }
}

test('behind Sentinels, a failover invalidates the cached records of the old master', async () => {
  const servers = await startSentinels();
  try {
    const [writer, reader] = [await open(servers.url), await open(servers.url)];
    const [record] = await create(writer, {});
    if (record === undefined) throw new Error('not made');
    const found = await untilCached(reader, record.id);
    await until(async () => (await servers.replica.send('EXISTS', tokenKey(record.id))) === 1);
    servers.master.pause();
    await until(() => reader.feed.isLive() === false);
    expect(reader.isCurrent(found)).toBe(false);
    await until(() => takesChanges(writer) && reader.feed.isLive() === true);
    expect(await servers.replica.send('ROLE')).toEqual(expect.arrayContaining(['master']));
    await writer.commit(revocation(record));
    expect((await untilCached(reader, record.id)).record?.revokedAt).toBeDefined();
  } finally {
    servers.master.resume();
    for (const store of stores.splice(0)) await store.close();
    await servers.stop();
  }
});
