/** In a Cluster, an import is on two shards: a repeat waits for the replicas of both. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeAddress } from '../../../src/store/address.ts';
import { openStore } from '../../../src/store/open.ts';
import {
  auditKey,
  importedFormsKey,
  importedKey,
  tokenKey,
} from '../../../src/store/redis/keys.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { adminScope } from '../../../src/tokens/caller.ts';
import { createImport } from '../../../src/tokens/import.ts';
import { importedDigest } from '../../../src/verify/imported.ts';
import { createMasterKeys, importedHash } from '../../../src/verify/master-keys.ts';
import { storeLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { until } from '../../until.ts';
import { creation } from '../changes.ts';
import type { RedisServer } from './server.ts';
import { addReplicas, type RedisCluster, startCluster } from './topologies.ts';

const keys = createMasterKeys([{ id: 'k1', bytes: Buffer.alloc(32, 1) }]);
let cluster: RedisCluster;
let replicas: RedisServer[];
let store: Store;

beforeAll(async () => {
  cluster = await startCluster(['repl-diskless-sync-delay 0']);
  replicas = await addReplicas(cluster);
  store = await openStore(storeAddress(cluster.url), {
    now: Date.now,
    seal: testSeal,
    limits: storeLimits({ redis: { ackReplicas: 1, ackTimeoutMs: 100 } }),
  });
  await until(() => store.health.up);
});
afterAll(async () => {
  for (const replica of replicas ?? []) replica.resume();
  await store?.close();
  for (const replica of replicas ?? []) await replica.stop();
  await cluster?.stop();
});

/** The place in the Cluster of the master that serves a key. */
async function shardOf(key: string): Promise<number> {
  const slot = Number(await cluster.nodes[0]?.send('CLUSTER', 'KEYSLOT', key));
  return Math.floor((slot * 3) / 16_384);
}

const tokenOf = (n: number) => `sk_live_${String(n).padStart(32, 'x')}`;
const digestOf = (token: string) => importedDigest(keys, importedHash(token, 'sha256'), 'k1');

/** The first of what `make` creates whose key is on a shard that fits. */
async function on<T>(
  fits: (shard: number) => boolean,
  make: (n: number) => [value: T, key: string],
): Promise<T> {
  for (let n = 0; ; n++) {
    const [value, key] = make(n);
    if (fits(await shardOf(key))) return value;
  }
}

test('no import is done while the replica of its digest lacks the reservation', async () => {
  const others = [await shardOf(auditKey), await shardOf(importedFormsKey)];
  const apart = [0, 1, 2].find(shard => !others.includes(shard)) as number;
  const token = await on(
    shard => shard === apart,
    n => [tokenOf(n), importedKey(digestOf(tokenOf(n)))],
  );
  const id = await on(
    shard => shard === others[0],
    () => {
      const { record } = creation();
      return [record.id, tokenKey(record.id)];
    },
  );
  const importTokens = createImport({
    ...{ store, keys, now: Date.now, limits: { headerBytesMax: 8192 } },
  });
  const caller = { actor: 'admin', name: '', peer: '127.0.0.1', scopes: [adminScope] };
  const item = { id, secret: { token }, fields: { name: 'a token', scopes: [] } };
  const once = async () => {
    const [result] = await importTokens(caller, [item], { dryRun: false, allowWeak: false });
    return result?.outcome;
  };
  replicas[apart]?.pause();
  await expect(once()).rejects.toBeInstanceOf(Unavailable);
  await expect(once()).rejects.toBeInstanceOf(Unavailable);
  expect(await store.get(id)).toBeUndefined();
  replicas[apart]?.resume();
  await until(async () => (await once()) !== 'refused');
  expect((await store.get(id))?.id).toBe(id);
});
