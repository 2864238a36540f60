/** A Cluster with replicas: a failover loses no acknowledged change and gives no wrong read. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Change, type Store, Unavailable } from '../../../src/store/store.ts';
import { redisLimits } from '../../limits.ts';
import { until } from '../../until.ts';
import { creation, loggedChanges, revocation, walk } from '../changes.ts';
import type { RedisServer } from './server.ts';
import { addReplicas, type RedisCluster, startCluster } from './topologies.ts';

let cluster: RedisCluster;
let replicas: RedisServer[];
let writer: Store;
let reader: Store;

beforeEach(async () => {
  cluster = await startCluster();
  replicas = await addReplicas(cluster);
  const limits = { ackReplicas: 1, clusterRefreshMs: 200, feedPingMs: 100, leaseMs: 500 };
  writer = await openRedis(redisAddress(cluster.url), { now: Date.now, ...redisLimits(limits) });
  reader = await openRedis(redisAddress(cluster.url), { now: Date.now, ...redisLimits(limits) });
});
afterEach(async () => {
  await writer?.close();
  await reader?.close();
  for (const replica of replicas ?? []) await replica.stop();
  await cluster?.stop();
});

/**
 * Kills a master, and restarts it as a replica of its successor, which needs one to acknowledge.
 */
async function die(index: number): Promise<void> {
  const [master, replica] = [cluster.nodes[index], replicas[index]];
  if (master === undefined || replica === undefined) throw new Error('no node');
  await master.kill();
  await until(async () => ((await replica.send('ROLE')) as string[])[0] === 'master');
  await master.restart();
}

/** Retries a commit until it succeeds. */
async function insist(change: Change): Promise<void> {
  for (;;) {
    try {
      expect(await writer.commit(change)).toEqual({ outcome: 'done' });
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await new Promise<void>(resolve => setTimeout(resolve, 20));
    }
  }
}

test.each([
  ['the log', 0],
  ['records alone', 1],
])(
  'a master of %s dies in the midst of commits and reads',
  { timeout: 90_000 },
  async (_, which) => {
    const slot = Number(await cluster.nodes[0]?.send('CLUSTER', 'KEYSLOT', '{log}'));
    const logNode = Math.min(2, Math.floor((slot * 3) / 16_384));
    const victim = (logNode + which) % 3;
    const changes = Array.from({ length: 36 }, () => creation());
    const acknowledged = new Map<string, 'good' | 'revoked'>();
    const wrong: string[] = [];
    let reading = true;

    const read = async () => {
      while (reading) {
        for (const [id, state] of acknowledged) {
          try {
            const { record } = await reader.find(id);
            // A valid token must never be unknown; revocations are checked at the end, after the lease.
            if (record === undefined) wrong.push(`${id} was ${state}, and is unknown`);
          } catch (error) {
            if (!(error instanceof Unavailable)) throw error;
          }
        }
        await new Promise<void>(resolve => setTimeout(resolve, 5));
      }
    };
    const reads = read();
    let death: Promise<void> | undefined;
    for (const [i, change] of changes.entries()) {
      const committed = insist(change);
      if (i === 12) death = die(victim);
      await committed;
      acknowledged.set(change.record.id, 'good');
      if (i % 3 === 0) {
        await insist(revocation(change.record));
        acknowledged.set(change.record.id, 'revoked');
      }
    }
    await death;
    await until(() => reader.health.up && reader.feed.isLive() === true);
    for (const [id, state] of acknowledged) {
      const { record } = await reader.find(id);
      expect(record?.revokedAt === undefined ? 'good' : 'revoked').toBe(state);
    }
    reading = false;
    await reads;
    expect(wrong).toEqual([]);
    expect(await walk(writer, { order: 'oldest', limit: 7 })).toEqual(
      changes.map(({ record }) => record.id),
    );
    const logged = (await loggedChanges(writer)).map(({ tokenId }) => tokenId);
    expect(new Set(logged)).toEqual(new Set(acknowledged.keys()));
    expect(logged).toHaveLength(changes.length + 12);
    expect(await replicas[victim]?.send('ROLE')).toEqual(expect.arrayContaining(['master']));
  },
);
