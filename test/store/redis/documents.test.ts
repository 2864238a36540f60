/** Documents in Redis: processes that die between two steps, forged documents, replicas, full memory. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareChange } from '../../../src/store/documents.ts';
import {
  documentEndsKey,
  documentEventsKey,
  documentIdsKey,
  documentKey,
} from '../../../src/store/redis/keys.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { testRecords } from '../../seal.ts';
import { until } from '../../until.ts';
import { eventOf, intactLog } from '../changes.ts';
import { person } from '../contract-documents.ts';
import { type OpenStores, openStores } from './open-store.ts';
import { type RedisServer, startRedis } from './server.ts';

let server: RedisServer;
let stores: OpenStores;
const url = () => `redis://127.0.0.1:${server.port}`;
const often = { intentAgeMs: 50, sweepIntervalMs: 20 };
const never = { intentAgeMs: 3_600_000, sweepIntervalMs: 3_600_000 };

beforeEach(async () => {
  server = await startRedis();
  stores = openStores();
});
afterEach(async () => {
  await stores.close();
  await server.stop();
});

/** Writes what a process had written that died before its event was in the log. */
async function leaveHalf(id: string, action: string, ageMs = 10_000): Promise<string> {
  const change = prepareChange(person(id, { event: eventOf(action) }));
  const { document, event, changeId } = change;
  if (document === undefined || event === undefined) throw new Error('not made');
  const text = testRecords.encodeDocument('people', document, changeId);
  const held = testRecords.encodeDocumentEvent('people', id, event);
  await server.send('SET', documentKey('people', id), text);
  await server.send('ZADD', documentIdsKey('people'), 0, id);
  const at = Date.now() - ageMs;
  await server.send('HSET', documentEventsKey('people'), id, `${changeId} ${at} ${held}`);
  return changeId;
}

const logged = async (store: Store) => (await intactLog(store)).map(({ id }) => id);
const unavailable = (ask: () => unknown) =>
  expect((async () => ask())()).rejects.toBeInstanceOf(Unavailable);

describe('a process that died before the event was in the log', () => {
  test('leaves it to the others, who append it soon, once', async () => {
    const eventId = await leaveHalf('ann', 'person.create');
    const opened = await Promise.all([1, 2, 3].map(() => stores.openUp(url(), often)));
    const { store } = opened[0] as (typeof opened)[0];
    await until(async () => (await logged(store)).length > 0);
    await until(async () => (await server.send('HLEN', documentEventsKey('people'))) === 0);
    expect(await logged(store)).toEqual([eventId]);
  });

  test('leaves it to the next change of that document, which comes after it in the log', async () => {
    const { store } = await stores.openUp(url(), never);
    const eventId = await leaveHalf('ann', 'person.create', 0);
    expect(await store.changeDocument(person('ann'))).toBe('conflict');
    expect(await logged(store)).toEqual([eventId]);
    const next = eventOf('person.update');
    expect(await store.changeDocument(person('ann', { before: 1, event: next }))).toBe('done');
    expect(await logged(store)).toEqual([eventId, next.id]);
    expect(await server.send('HLEN', documentEventsKey('people'))).toBe(0);
  });

  test('and its repeated call completes it', async () => {
    const { store } = await stores.openUp(url(), never);
    const change = person('ann', { event: eventOf('person.create') });
    const first = store.changeDocument(change);
    expect(await Promise.all([first, store.changeDocument(change)])).toEqual(['done', 'done']);
    expect(await logged(store)).toEqual([change.event?.id]);
  });
});

test('documents that are over are removed from Redis, others stay', async () => {
  const { store } = await stores.openUp(url(), often);
  const keepUntil = Date.now() + 100;
  for (const id of ['a', 'b']) await store.changeDocument(person(id, { keepUntil }));
  await store.changeDocument(person('b', { before: 1, keepUntil: keepUntil + 3_600_000 }));
  await store.changeDocument(person('c'));
  await until(async () => (await server.send('EXISTS', documentKey('people', 'a'))) === 0);
  expect(await server.send('ZRANGE', documentIdsKey('people'), 0, -1)).toEqual(['b', 'c']);
  expect(await server.send('ZRANGE', documentEndsKey('people'), 0, -1)).toEqual(['b']);
});

test('a replica whose clock is ahead removes only what is over for Redis too', async () => {
  const { store } = await stores.openUp(url(), never);
  const now = Date.now();
  await store.changeDocument(person('ann', { keepUntil: now + 3_600_000 }));
  await store.changeDocument(person('bob', { keepUntil: now + 100 }));
  await stores.openUp(url(), often, () => Date.now() + 7_200_000);
  await until(async () => (await server.send('EXISTS', documentKey('people', 'bob'))) === 0);
  expect((await store.document('people', 'ann'))?.id).toBe('ann');
});

test('a document that is altered, moved, or of another collection is unavailable', async () => {
  const { store } = await stores.openUp(url(), never);
  await store.changeDocument(person('ann', { body: { roles: ['viewer'] } }));
  const text = String(await server.send('GET', documentKey('people', 'ann')));
  expect(text).not.toContain('admin');
  const forged = [
    ['people', 'ann', text.replace('viewer', 'admin')],
    ['people', 'ann', text.replace(/,"mac".*/, '}')],
    ['people', 'ann', text.replace('"rev":1', '"rev":2')],
    ['people', 'bob', text],
    ['jobs', 'ann', text],
    ['people', 'ann', 'no document'],
  ] as const;
  for (const [collection, id, stored] of forged) {
    await server.send('SET', documentKey(collection, id), stored);
    await server.send('ZADD', documentIdsKey(collection), 0, id);
    await unavailable(() => store.document(collection, id));
    await unavailable(() => store.documents({ collection, limit: 10 }));
  }
});

test('a forged event is not appended to the log', async () => {
  const { store } = await stores.openUp(url(), never);
  await leaveHalf('ann', 'person.create', 0);
  const key = documentEventsKey('people');
  const held = String(await server.send('HGET', key, 'ann'));
  await server.send('HSET', key, 'ann', held.replace('person.create', 'person.enable'));
  const change = person('ann', { before: 1, event: eventOf('person.update') });
  await unavailable(() => store.changeDocument(change));
  expect(await logged(store)).toEqual([]);
});

test('a change is done once enough Redis replicas have it', async () => {
  const { store } = await stores.openUp(url(), { ...never, heartbeatMs: 0 });
  await store.changeDocument(person('ann'));
  const strict = await stores.open(url(), {
    ...{ ...never, ackReplicas: 1, ackTimeoutMs: 50, heartbeatMs: 0 },
  });
  await unavailable(() => strict.store.changeDocument(person('bob')));
  const event = eventOf('person.update');
  await unavailable(() => strict.store.changeDocument(person('ann', { before: 1, event })));
  expect(await logged(store)).toEqual([]);
  const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${server.port}`] });
  try {
    const again = person('ann', { before: 1, event });
    await until(async () => {
      const word = await strict.store.changeDocument(again).catch(() => 'unavailable');
      return word === 'done';
    });
    expect(await logged(store)).toEqual([event.id]);
  } finally {
    await replica.stop();
  }
});

test('while the memory is full, documents are removed and changed, with their events', async () => {
  const { store } = await stores.openUp(url(), never);
  await store.changeDocument(person('ann'));
  await server.send('CONFIG', 'SET', 'maxmemory', 1);
  await unavailable(() => store.changeDocument(person('bob')));
  const disable = person('ann', { before: 1, event: eventOf('person.disable') });
  expect(await store.changeDocument(disable)).toBe('done');
  const event = eventOf('person.remove');
  const removal = { collection: 'people' as const, id: 'ann', before: 2, event };
  expect(await store.changeDocument(removal)).toBe('done');
  await server.send('CONFIG', 'SET', 'maxmemory', 0);
  expect(await logged(store)).toEqual([disable.event?.id, event.id]);
});
