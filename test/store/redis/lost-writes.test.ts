/** Failovers that lose acknowledged writes: a revocation stays one, and the replicas go on by themselves. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { tokenKey } from '../../../src/store/redis/keys.ts';
import { until } from '../../until.ts';
import { create, revocation } from '../changes.ts';
import { type OpenStores, openStores, said } from './open-store.ts';
import type { RedisServer } from './server.ts';
import { startCluster, startSentinels } from './topologies.ts';

let stores: OpenStores;
beforeEach(() => {
  stores = openStores();
});
afterEach(() => stores.close());

test('behind Sentinels, what the promoted Redis replica lacks is put back', async () => {
  const redis = await startSentinels();
  try {
    const [a, b] = [await stores.openUp(redis.url), await stores.openUp(redis.url)];
    const [victim] = (await create(a.store, {})) as [AccessTokenRecord];
    await until(async () => (await redis.replica.send('EXISTS', tokenKey(victim.id))) === 1);
    await redis.master.send('ACL', 'SETUSER', 'default', '-psync', '-sync', '-replconf');
    await redis.master.send('CLIENT', 'KILL', 'TYPE', 'replica');
    await a.store.commit(revocation(victim));
    const [fresh] = (await create(a.store, {})) as [AccessTokenRecord];
    await until(async () => (await said(b.store, victim.id)) === 'revoked');
    await until(async () => (await b.store.storeStatus()).head?.sequence === 3);
    await redis.master.kill();

    const seen = new Set<string>();
    const isHealed = async () => {
      const answers = await Promise.all(
        [a, b].map(async ({ store }) => {
          const answer = await said(store, victim.id);
          seen.add(`victim ${answer}`).add(`fresh ${await said(store, fresh.id)}`);
          return answer === 'revoked' && store.health.up;
        }),
      );
      return !answers.includes(false);
    };
    await until(async () => (await a.store.storeStatus()).lost.length > 0);
    await until(isHealed);
    expect([...seen]).not.toContain('victim good');
    expect([...seen]).not.toContain('fresh unknown');
    expect(await said(b.store, fresh.id)).toBe('unavailable');
    expect((await b.store.get(victim.id))?.revokedAt).toBe(victim.createdAt);
  } finally {
    await stores.close();
    await redis.stop();
  }
});

test('in a Cluster, a record that lost what the log has is put back', async () => {
  const cluster = await startCluster();
  try {
    const { store, warnings } = await stores.openUp(cluster.url);
    const [victim, other] = (await create(store, {}, {})) as [AccessTokenRecord, AccessTokenRecord];
    const key = tokenKey(victim.id);
    const node = await ownerOf(cluster.nodes, key);
    const before = String(await node.send('GET', key));
    await store.commit(revocation(victim));
    await until(async () => (await store.storeStatus()).head?.sequence === 3);
    await node.send('SET', key, before);
    await node.send('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(async () => (await said(store, victim.id)) === 'revoked');
    await until(() => store.health.up);
    expect(await said(store, other.id)).toBe('good');
    expect(warnings.join()).toContain('1 revocations and removals were put back');

    await node.send('DEL', tokenKey(victim.id));
    await node.send('CLIENT', 'KILL', 'TYPE', 'normal');
    // Unavailable at first for its connection, then for the loss.
    await until(async () => (await store.storeStatus()).lost.length > 0);
    await until(() => store.health.up);
    expect(await said(store, victim.id)).toBe('unavailable');
    await until(() => store.acceptStore({ actor: 'admin', peer: '' }).then(() => true));
    await until(async () => (await said(store, victim.id)) === 'unknown');
  } finally {
    await stores.close();
    await cluster.stop();
  }
});

async function ownerOf(nodes: RedisServer[], key: string): Promise<RedisServer> {
  for (const node of nodes) {
    const answer = await node.send('EXISTS', key).catch(() => undefined);
    if (answer === 1) return node;
  }
  throw new Error('no node has the key');
}
