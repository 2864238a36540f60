/** What someone with write access to Redis gains beside the records, and what they do not. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  acceptedKey,
  auditKey,
  endedSessionKey,
  importedKey,
  requestKey,
} from '../../../src/store/redis/keys.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { createAccessTokens } from '../../../src/tokens/access-tokens.ts';
import { adminScope } from '../../../src/tokens/caller.ts';
import { createMasterKeys } from '../../../src/verify/master-keys.ts';
import { until } from '../../until.ts';
import { create, revocation } from '../changes.ts';
import { type OpenStores, openStores, said } from './open-store.ts';
import { type RedisServer, startRedis } from './server.ts';

const caller = { actor: 'admin', name: '', peer: '127.0.0.1', scopes: [adminScope] };
const by = { actor: 'admin', name: '', peer: '127.0.0.1' };
let server: RedisServer;
let stores: OpenStores;
const url = () => `redis://127.0.0.1:${server.port}`;
const read = async (key: string) => String(await server.send('GET', key));

beforeEach(async () => {
  server = await startRedis();
  stores = openStores();
});
afterEach(async () => {
  await stores.close();
  await server.stop();
});

test('a repeated creation does not answer the secret of another access token', async () => {
  const { store } = await stores.openUp(url());
  const tokens = createAccessTokens({
    ...{ store, now: Date.now },
    keys: createMasterKeys([{ id: 'k1', bytes: Buffer.alloc(32, 1) }]),
    limits: { attemptsMax: 8, replyMs: 600_000, requestMs: 86_400_000, revokedJwtsMax: 10 },
  });
  const ids = ['1', '2'].map(digit => `${digit.repeat(8)}-2222-4333-8444-555555555555`);
  const make = (id = '') => tokens.create(caller, 'static', { name: 'a', scopes: [] }, id);
  for (const id of ids) await make(id);
  const [mine = '', other = ''] = ids.map(id => requestKey(`admin:${id}`));
  const [own, foreign] = [await read(mine), await read(other)];
  const edits = [
    foreign,
    JSON.stringify({ ...JSON.parse(foreign), key: `admin:${ids[0]}` }),
    foreign.replace(/,"mac":"[^"]*"/, ''),
    '{',
  ];
  for (const edited of edits) {
    await server.send('SET', mine, edited);
    await expect(make(ids[0])).rejects.toBeInstanceOf(Unavailable);
  }
  await server.send('SET', mine, own);
  expect((await make(ids[0])).record.id).toBe(JSON.parse(own).tokenId);
  // What was removed is forgotten: the repeat makes another access token.
  await server.send('DEL', mine);
  expect((await make(ids[0])).record.id).not.toBe(JSON.parse(own).tokenId);
});

test('no loss is accepted but by an administrator', async () => {
  const { store } = await stores.openUp(url(), { tailBytesMax: 0 });
  const [record] = await create(store, {}, {});
  if (record === undefined) throw new Error('not made');
  await store.commit(revocation(record));
  const head = (await store.storeStatus()).head?.hash ?? '';
  // The log that is left holds nothing that this replica remembers.
  await server.send('DEL', auditKey);
  await until(async () => (await store.storeStatus()).problem?.includes('lost more') ?? false);
  await server.send('HSET', acceptedKey, head, 'k1 AAAAAAAAAAAAAAAAAAAAAA');
  await server.send('CONFIG', 'RESETSTAT');
  const asked = async () => {
    const stats = String(await server.send('INFO', 'commandstats'));
    return Number(/cmdstat_hget:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
  await until(async () => (await asked()) >= 2);
  expect((await store.storeStatus()).problem).toContain('usher store accept');
  expect(store.health.up).toBe(false);
  await store.acceptStore(by);
  await until(() => store.health.up);
  expect(await server.send('HGET', acceptedKey, head)).toMatch(/^k1 [\w-]{22}$/);
});

test('what they gain: an ended session goes on, and a digest is free again, once its entry is gone', async () => {
  const { store } = await stores.openUp(url());
  await store.endSession('s', Date.now() + 60_000);
  expect(await store.isSessionEnded('s')).toBe(true);
  await server.send('DEL', endedSessionKey('s'));
  expect(await store.isSessionEnded('s')).toBe(false);

  await store.reserveImported(['sha256/k1/40'], [{ digest: 'd', tokenId: 'a' }]);
  await server.send('DEL', importedKey('d'));
  await until(async () => (await store.findImported('d')) === undefined);
  expect(await store.reserveImported([], [{ digest: 'd', tokenId: 'b' }])).toEqual(['b']);
});

test('what they gain: an acceptance in the log ends the unavailability of what was lost', async () => {
  const { store } = await stores.openUp(url());
  const [first] = await create(store, {});
  await server.send('SAVE');
  const [lost] = await create(store, {});
  if (first === undefined || lost === undefined) throw new Error('not made');
  await until(async () => (await store.storeStatus()).head?.sequence === 2);
  await server.kill();
  await server.restart();
  await until(async () => (await said(store, lost.id)) === 'unavailable' && store.health.up);
  await until(async () => (await store.storeStatus()).lost.length > 0);
  // Whoever can write to Redis can append it as another replica does.
  const other = await stores.openUp(url());
  await other.store.append({
    ...{ id: 'forged', time: 0, action: 'store.accept', actor: '', peer: '', tokenId: '' },
    ...{ detail: '', requestId: '' },
  });
  await until(async () => (await said(store, lost.id)) === 'unknown');
});
