/** "Done" means that it would survive a failover: at the first call, at each repeat, and at a change of nothing. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { chain } from '../../../src/store/audit.ts';
import { encodeRecord } from '../../../src/store/format/record.ts';
import {
  createdKey,
  endedSessionKey,
  eventKey,
  importedKey,
  intentsKey,
  schemaKey,
  tokenKey,
} from '../../../src/store/redis/keys.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { createAccessTokens } from '../../../src/tokens/access-tokens.ts';
import { adminScope } from '../../../src/tokens/caller.ts';
import { createImport } from '../../../src/tokens/import.ts';
import { createMasterKeys } from '../../../src/verify/master-keys.ts';
import { redisLimits } from '../../limits.ts';
import { testRecords } from '../../seal.ts';
import { until } from '../../until.ts';
import { create, creation, eventOf, intactLog, requestOf, revocation } from '../changes.ts';
import { type RedisServer, startRedis } from './server.ts';

const requestId = '11111111-2222-4333-8444-555555555555';
const caller = { actor: 'admin', name: '', peer: '127.0.0.1', scopes: [adminScope] };
const fields = { name: 'a token', scopes: [] };
const keys = createMasterKeys([{ id: 'k1', bytes: Buffer.alloc(32, 1) }]);

let master: RedisServer;
let replica: RedisServer;
let store: Store;

async function open(): Promise<void> {
  store = await openRedis(redisAddress(`redis://127.0.0.1:${master.port}`), {
    now: Date.now,
    ...redisLimits({ ackReplicas: 1, ackTimeoutMs: 100, leaseMs: 60_000, intentAgeMs: 3_600_000 }),
  });
  await until(() => store.health.up);
}

beforeEach(async () => {
  master = await startRedis({ config: ['repl-diskless-sync-delay 0'] });
  replica = await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] });
  await until(async () => ((await replica.send('ROLE')) as string[])[3] === 'connected');
  await open();
});
afterEach(async () => {
  replica.resume();
  await store.close();
  await replica.stop();
  await master.stop();
});

const tokens = () =>
  createAccessTokens({
    ...{ store, keys, now: Date.now },
    limits: { attemptsMax: 8, replyMs: 600_000, requestMs: 86_400_000, revokedJwtsMax: 10 },
  });
const replicaHas = async (id: string) =>
  String(await replica.send('GET', tokenKey(id))).includes('revokedAt');

test('no revocation is acknowledged while the replica lacks it, however it is repeated', async () => {
  const { record } = await tokens().create(caller, 'static', fields);
  replica.pause();
  const revoke = (id?: string) => tokens().revoke(caller, record.id, 'leaked', id);
  await expect(revoke(requestId)).rejects.toBeInstanceOf(Unavailable);
  await expect(revoke(requestId)).rejects.toBeInstanceOf(Unavailable);
  // Without the request id it is a change of nothing: the record is revoked already.
  await expect(revoke()).rejects.toBeInstanceOf(Unavailable);
  replica.resume();
  await until(() => revoke().then(() => true));
  expect(await replicaHas(record.id)).toBe(true);
  expect(await revoke(requestId)).toMatchObject({ id: record.id });
});

test('no creation is repeated to its caller while the replica lacks it', async () => {
  replica.pause();
  const make = () => tokens().create(caller, 'static', fields, requestId);
  await expect(make()).rejects.toBeInstanceOf(Unavailable);
  await expect(make()).rejects.toBeInstanceOf(Unavailable);
  replica.resume();
  await until(() => make().then(() => true));
  const { record } = await make();
  expect(await replica.send('EXISTS', tokenKey(record.id))).toBe(1);
  expect(await store.count()).toBe(1);
});

test('no import is called existing while the replica lacks it', async () => {
  const importTokens = createImport({
    store,
    keys,
    now: Date.now,
    limits: { headerBytesMax: 8192 },
  });
  const item = { secret: { token: `sk_live_${'a1b2c3d4'.repeat(4)}` }, fields };
  const once = () =>
    importTokens(caller, [item], { dryRun: false, allowWeak: false }).then(
      ([result]) => result?.outcome,
    );
  replica.pause();
  await expect(once()).rejects.toBeInstanceOf(Unavailable);
  await expect(once()).rejects.toBeInstanceOf(Unavailable);
  replica.resume();
  await until(async () => (await once()) === 'existing');
  expect(await replica.send('ZCARD', createdKey)).toBe(1);
});

test('a change that stopped half way is completed, with its entry, before a repeat is answered', async () => {
  const { record } = await tokens().create(caller, 'static', fields);
  const change = revocation(record);
  // Where a process died after the record was written and before the log was.
  const intent = { ...change, before: { revision: record.revision }, request: requestOf(change) };
  const begun = `${change.event.id} 0 ${testRecords.encodeChange(intent)}`;
  await master.send('HSET', intentsKey, record.id, begun);
  await master.send('SET', tokenKey(record.id), testRecords.encode(change.record));
  await tokens().revoke(caller, record.id, 'leaked');
  const log = await intactLog(store);
  expect(log.at(-1)).toMatchObject({ id: change.event.id, tokenId: record.id });
});

test('a change that a failover lost before the replicas were waited for is not acknowledged', async () => {
  const [record] = await create(store, {});
  if (record === undefined) throw new Error('not made');
  const before = String(await master.send('GET', tokenKey(record.id)));
  const revoked = revocation(record);
  await store.commit(revoked);
  // The master that is asked from now on has the record as it was, as one that a failover made.
  await master.send('SET', tokenKey(record.id), before);
  await expect(store.commit(revoked)).rejects.toThrow('a failover lost the change');
  expect(await tokens().revoke(caller, record.id, 'leaked')).toMatchObject({ revision: 2 });
  expect(await replicaHas(record.id)).toBe(true);
});

test('with its memory full, Redis is read from and revokes', async () => {
  const { record } = await tokens().create(caller, 'static', fields);
  await master.send('CONFIG', 'SET', 'maxmemory', '1mb');
  await expect(master.send('SET', 'x', '1')).rejects.toThrow('OOM');
  await expect(tokens().create(caller, 'static', fields)).rejects.toBeInstanceOf(Unavailable);
  expect(await tokens().revoke(caller, record.id, 'leaked')).toMatchObject({ revision: 2 });
  expect(await replicaHas(record.id)).toBe(true);
});

test('no migration is done while the replica lacks a record, an index entry or the end of it', async () => {
  const [record] = await create(store, {});
  if (record === undefined) throw new Error('not made');
  await store.reserveImported([], [{ digest: 'd', tokenId: record.id }]);
  await store.close();
  await master.send('SET', schemaKey, '1');
  await master.send('SET', tokenKey(record.id), encodeRecord(record));
  await master.send('SET', importedKey('d'), record.id);
  await open();
  const steps = [
    () => store.signRecords([record.id]),
    () => store.signImported(),
    () => store.endMigration(),
  ];
  for (const step of steps) {
    replica.pause();
    await expect(step()).rejects.toThrow('too few Redis replicas');
    // A repeat finds it signed, and waits all the same.
    await expect(step()).rejects.toThrow('too few Redis replicas');
    replica.resume();
    await until(() => step().then(() => true));
  }
  expect(await replica.send('GET', tokenKey(record.id))).toMatch(/,"mac":"k1 /);
  expect(await replica.send('GET', importedKey('d'))).toMatch(/ k1 [\w-]{22}$/);
  expect(await replica.send('GET', schemaKey)).toBe('2');
});

test('no sign-in, sign-out, restore or acceptance is done while the replica lacks it', async () => {
  const entry = eventOf('session.create');
  const later = creation();
  const steps: [name: string, step: () => Promise<unknown>][] = [
    ['append', () => store.append(entry)],
    ['endSession', () => store.endSession('s', Date.now() + 60_000)],
    ['acceptStore', () => store.acceptStore({ actor: 'admin', peer: '' })],
    ['loadRecords', () => store.loadRecords([later.record])],
    ['loadEvents', async () => store.loadEvents([chain(await store.head(), later.event)])],
    ['endRestore', async () => store.endRestore(await store.identity())],
  ];
  for (const [name, step] of steps) {
    replica.pause();
    await expect(step(), name).rejects.toThrow('too few Redis replicas');
    // A repeat finds it written, and waits all the same.
    await expect(step(), name).rejects.toThrow('too few Redis replicas');
    replica.resume();
    await until(() => step().then(() => true));
  }
  expect(await replica.send('EXISTS', eventKey(entry.id), endedSessionKey('s'))).toBe(2);
  expect(await replica.send('EXISTS', tokenKey(later.record.id))).toBe(1);
});

test('what nobody waits for is not held up by a replica', async () => {
  replica.pause();
  const counted = eventOf('call.refused');
  await store.note(counted);
  expect(await master.send('EXISTS', eventKey(counted.id))).toBe(1);
  const delta = { tokenId: 'a', date: '2026-01-01', count: 1, lastUsedAt: 1 };
  expect(await store.addUsage([delta])).toEqual([]);
});
