/** Records in Redis that others have changed, and stores of other keys, versions and schemas. */

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { encodeRecord } from '../../../src/store/format/record.ts';
import {
  eventKey,
  headsKey,
  importedFormsKey,
  importedKey,
  intentsKey,
  schemaKey,
  tokenKey,
} from '../../../src/store/redis/keys.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, StoreMismatch, Unavailable } from '../../../src/store/store.ts';
import { createRecordSeal } from '../../../src/verify/record-seal.ts';
import { freePort } from '../../free-port.ts';
import { redisLimits } from '../../limits.ts';
import { startProxy } from '../../model/proxy.ts';
import { until } from '../../until.ts';
import { create, creation, revocation, update } from '../changes.ts';
import { keysOf, type RedisServer, startRedis } from './server.ts';

let server: RedisServer;
let stores: Store[] = [];
let broken: string[] = [];
let warnings: string[] = [];

const otherSeal = createRecordSeal([{ id: 'k1', bytes: new Uint8Array(32).fill(9) }]);

async function open(some: { seal?: typeof otherSeal; port?: number } = {}): Promise<Store> {
  const store = await openRedis(redisAddress(`redis://127.0.0.1:${some.port ?? server.port}`), {
    now: Date.now,
    onBroken: (_, why) => void broken.push(why),
    onWarning: message => void warnings.push(message),
    ...redisLimits({ pingIntervalMs: 50, intentAgeMs: 0, sweepIntervalMs: 3_600_000 }),
    ...(some.seal === undefined ? {} : { seal: some.seal }),
  });
  stores.push(store);
  return store;
}

const get = (store: Store, id: string) => (async () => store.get(id))();

beforeAll(async () => {
  server = await startRedis();
});
beforeEach(async () => {
  [stores, broken, warnings] = [[], [], []];
  await server.send('FLUSHALL');
});
afterEach(() => Promise.all(stores.map(store => store.close())));
afterAll(() => server.stop());

async function made(store: Store) {
  const [record] = await create(store, {});
  if (record === undefined) throw new Error('not made');
  return { record, text: String(await server.send('GET', tokenKey(record.id))) };
}

test('a record that was edited by hand is unavailable, for changes too', async () => {
  const store = await open();
  const { record, text } = await made(store);
  const edits = [
    text.replace('"a:read"', '"admin"'),
    text.replace(/,"mac":"[^"]*"/, ''),
    encodeRecord(record),
    text.replace('"rev":1', '"rev":2'),
    `${text} `,
  ];
  for (const edited of edits) {
    expect(edited).not.toBe(text);
    await server.send('SET', tokenKey(record.id), edited);
    await expect(get(store, record.id)).rejects.toBeInstanceOf(Unavailable);
    expect(broken.pop()).toBe(`the record of ${record.id} is not as Usher wrote it`);
  }
  await server.send('SET', tokenKey(record.id), text);
  expect(await get(store, record.id)).toEqual(record);
});

test('a record that was moved to another id is unavailable', async () => {
  const store = await open();
  const { text } = await made(store);
  const { record } = await made(store);
  await server.send('SET', tokenKey(record.id), text);
  await expect(get(store, record.id)).rejects.toBeInstanceOf(Unavailable);
});

test('a change under way that someone else wrote is not completed', async () => {
  const store = await open();
  const { record } = await made(store);
  const { event, ...change } = update(record, { scopes: ['admin'] });
  const intent = JSON.stringify({ record: change.record, event, before: { revision: 1 } });
  await server.send('HSET', intentsKey, record.id, `${event.id} 1 ${intent}`);
  await expect(store.commit(revocation(record))).rejects.toBeInstanceOf(Unavailable);
  expect(broken.at(-1)).toBe(`the change under way of ${record.id} is not as Usher wrote it`);
  expect(await get(store, record.id)).toEqual(record);
  expect(await server.send('EXISTS', eventKey(event.id))).toBe(0);
});

test('another master key under the same id is refused at the start', async () => {
  await open();
  await expect(open({ seal: otherSeal })).rejects.toThrow(StoreMismatch);
  expect(warnings.filter(text => text.startsWith('the master key k1 is not'))).toHaveLength(1);
  await expect(open({ seal: otherSeal })).rejects.toThrow(
    /^the master key k1 is not the one that this store was written with: set USHER_MASTER_KEYS/,
  );
});

test('a newer schema is refused at the start', async () => {
  await server.send('SET', schemaKey, '3');
  await expect(open()).rejects.toThrow(/^the store was written by a newer Usher \(its schema is 3/);
});

test('a store of another master key that is found later is not up, and nothing is written', async () => {
  const { record } = await made(await open());
  // The right replica writes its head once; that adds a key.
  await until(async () => (await server.send('EXISTS', headsKey)) === 1);
  const keys = await keysOf(server);
  const port = await freePort();
  const late = await open({ seal: otherSeal, port });
  expect(late.health.reason).toContain('ECONNREFUSED');
  const proxy = await startProxy(server.port, port);
  try {
    await until(() => late.health.reason?.startsWith('the master key k1 is not') === true);
    await expect(get(late, record.id)).rejects.toBeInstanceOf(Unavailable);
    await expect(late.commit(creation())).rejects.toBeInstanceOf(Unavailable);
    expect(warnings.filter(text => text.startsWith('the master key k1 is not'))).toHaveLength(1);
    expect(await keysOf(server)).toEqual(keys);
  } finally {
    await proxy.close();
  }
});

test('an empty store has the schema of this version, one of before has the first', async () => {
  await open();
  expect(await server.send('GET', schemaKey)).toBe('2');
  await server.send('DEL', schemaKey);
  const { record } = creation();
  const old = await open();
  await server.send('SET', tokenKey(record.id), encodeRecord(record));
  await expect(get(old, record.id)).rejects.toBeInstanceOf(Unavailable);
});

test('a change that an earlier version began is completed and signed; until then no migration ends', async () => {
  await server.send('SET', schemaKey, '1');
  const store = await open();
  expect(warnings.some(text => text.includes('usher store migrate'))).toBe(true);
  const { record, event } = creation();
  const intent = JSON.stringify({ record, event });
  await server.send('HSET', intentsKey, record.id, `${event.id} 1 ${intent}`);
  await expect(store.endMigration()).rejects.toBeInstanceOf(Unavailable);
  const revoked = revocation(record);
  expect(await store.commit(revoked)).toEqual({ outcome: 'done' });
  expect(await server.send('GET', tokenKey(record.id))).toMatch(/,"mac":"k1 [\w-]{22}"\}$/);
  await store.endMigration();
  expect(await server.send('GET', schemaKey)).toBe('2');
  await server.send('SET', tokenKey(record.id), encodeRecord(record));
  await expect(get(store, record.id)).rejects.toBeInstanceOf(Unavailable);
});

test('an entry of the index of imported tokens that leads elsewhere is unavailable', async () => {
  const writer = await open();
  const entries = ['mine', 'other'].map(digest => ({ digest, tokenId: `id of ${digest}` }));
  await writer.reserveImported(['sha256/k1/40'], entries);
  const texts = new Map<string, string>();
  for (const name of ['mine', 'other', 'forms']) {
    texts.set(name, String(await server.send('GET', importedKey(name))));
  }
  const edits: [name: string, text: string][] = [
    ['mine', 'id of other'],
    ['mine', texts.get('other') ?? ''],
    ['mine', texts.get('mine')?.replace('mine', 'other') ?? ''],
    ['forms', 'sha256/k1/41'],
    ['forms', texts.get('forms')?.replace('40', '41') ?? ''],
  ];
  for (const [name, text] of edits) {
    await server.send('SET', importedKey(name), text);
    const store = await open();
    const found = async () =>
      name === 'forms' ? await store.importedForms() : await store.findImported(name);
    await expect(found()).rejects.toBeInstanceOf(Unavailable);
    expect(broken.pop()).toBe(
      `the entry ${name} of the index of imported tokens is not as Usher wrote it`,
    );
    await expect(store.reserveImported(['more'], entries)).rejects.toBeInstanceOf(Unavailable);
    await server.send('SET', importedKey(name), texts.get(name) ?? '');
  }
  const store = await open();
  expect(await store.findImported('mine')).toBe('id of mine');
  expect(await store.importedForms()).toEqual(['sha256/k1/40']);
});

test('an index of an earlier version is read until the migration has signed it', async () => {
  await server.send('SET', schemaKey, '1');
  await server.send('SET', importedFormsKey, 'sha256/k1/40');
  await server.send('SET', importedKey('d'), 'a');
  const store = await open();
  expect(await store.importedForms()).toEqual(['sha256/k1/40']);
  expect(await store.findImported('d')).toBe('a');
  await store.signImported();
  await store.endMigration();
  expect(await server.send('GET', importedKey('d'))).toMatch(/^a k1 [\w-]{22}$/);
  const later = await open();
  expect(await later.importedForms()).toEqual(['sha256/k1/40']);
  expect(await later.reserveImported(['b'], [{ digest: 'd', tokenId: 'c' }])).toEqual(['a']);
  await server.send('SET', importedKey('d'), 'a');
  const last = await open();
  await expect((async () => last.findImported('d'))()).rejects.toBeInstanceOf(Unavailable);
});
