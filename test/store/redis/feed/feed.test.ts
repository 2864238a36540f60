/** Records in memory follow Redis by tracking: whatever changes them, and whatever happens to it. */

import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redisAddress } from '../../../../src/store/address.ts';
import type { AccessTokenRecord } from '../../../../src/store/record.ts';
import { tokenKey } from '../../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../../src/store/redis/limits.ts';
import { openRedis } from '../../../../src/store/redis/store.ts';
import type { Found, Store } from '../../../../src/store/store.ts';
import { freePort } from '../../../free-port.ts';
import { until } from '../../../until.ts';
import { believe } from '../../believe.ts';
import { create, creation, revocation } from '../../changes.ts';
import { type RedisServer, startRedis } from '../server.ts';

const stores: Store[] = [];
/** Asked so seldom, nothing but the word of a change tells of it. */
const unhurried = { feedPingMs: 3_600_000, leaseMs: 7_200_000 };

async function open(port: number, limits: Partial<RedisLimits> = {}): Promise<Store> {
  const store = await openRedis(redisAddress(`redis://127.0.0.1:${port}`), {
    now: Date.now,
    limits,
  });
  stores.push(store);
  await until(() => store.feed.isLive() === true);
  return store;
}

async function made(store: Store): Promise<AccessTokenRecord> {
  const [record] = await create(store, {});
  if (record === undefined) throw new Error('not made');
  return record;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

describe('what is believed is not any more', () => {
  let server: RedisServer;
  let writer: Store;
  let reader: Store;
  let record: AccessTokenRecord;
  let found: Found;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.send('FLUSHALL');
    writer = await open(server.port);
    reader = await open(server.port, unhurried);
    record = await made(writer);
    found = await believe(reader, record.id);
  });

  test('once it is tracked, probed and heard', () => {
    expect(reader.feed.kind).toBe('tracking');
    expect(reader.feed.heardMsAgo()).toBeGreaterThanOrEqual(0);
    expect(reader.isCurrent(found)).toBe(true);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a change by another replica', () => writer.commit(revocation(record))],
    ['SET by hand', () => server.send('SET', tokenKey(record.id), JSON.stringify(record))],
    ['DEL by hand', () => server.send('DEL', tokenKey(record.id))],
    ['expiry', () => server.send('PEXPIRE', tokenKey(record.id), 1)],
    ['FLUSHALL', () => server.send('FLUSHALL')],
    ['FLUSHDB', () => server.send('FLUSHDB')],
    [
      'the end of the connection of the feed',
      () => server.send('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    ],
  ])('after %s', async (_, change) => {
    await change();
    await until(() => !reader.isCurrent(found));
  });

  test('after its own change', async () => {
    await reader.commit(revocation(record));
    await until(async () => (await reader.find(record.id)).record?.revokedAt !== undefined);
    expect(reader.isCurrent(found)).toBe(false);
  });

  test('but for what was not changed', async () => {
    const other = await made(writer);
    await until(() => reader.isCurrent(found));
    await writer.commit(revocation(other));
    await believe(reader, other.id);
    expect(reader.isCurrent(found)).toBe(true);
  });

  test('an access token that was not there is found when it comes', async () => {
    const change = creation();
    expect((await reader.find(change.record.id)).record).toBeUndefined();
    await writer.commit(change);
    await until(async () => (await reader.find(change.record.id)).record !== undefined);
  });

  test('a change while the feed was cut off is seen when it is heard again', async () => {
    await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await writer.commit(revocation(record));
    await until(() => reader.feed.isLive() === true);
    expect((await believe(reader, record.id)).record?.revokedAt).toBeDefined();
  });
});

describe('a Redis', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis({ persistent: true });
  });
  afterEach(async () => {
    server.resume();
    await server.stop();
  });

  test('that hangs is believed for the lease at most', async () => {
    const store = await open(server.port, { leaseMs: 200, feedPingMs: 20 });
    const record = await made(store);
    const found = await believe(store, record.id);
    server.pause();
    await until(() => store.feed.isLive() === false);
    expect(store.isCurrent(found)).toBe(false);
    server.resume();
    expect((await believe(store, record.id)).record).toEqual(record);
  });

  test('that was killed and is back is followed anew', async () => {
    const store = await open(server.port);
    const record = await made(store);
    const found = await believe(store, record.id);
    await server.kill();
    await until(() => !store.isCurrent(found) && store.feed.isLive() === false);
    await server.restart();
    await until(() => store.health.up && store.feed.isLive() === true);
    const again = await believe(store, record.id);
    expect(store.isCurrent(found)).toBe(false);
    await store.commit(revocation(record));
    await until(() => !store.isCurrent(again));
  });

  test('that became a replica is not believed, though it holds the same', async () => {
    const store = await open(server.port, { feedPingMs: 20, pingIntervalMs: 3_600_000 });
    const record = await made(store);
    const found = await believe(store, record.id);
    // Of a master that is away, so that nothing else happens to its connections.
    await server.send('REPLICAOF', '127.0.0.1', await freePort());
    await until(() => !store.feed.isLive());
    expect(store.isCurrent(found)).toBe(false);
  });

  test.each([
    ['tracking', ''],
    ['messages', ' -client|tracking'],
  ])('whose user may do what the README says is followed by %s', async (kind, more) => {
    const readme = await readFile('README.md', 'utf8');
    const rules = /^ACL SETUSER usher (.*)$/m.exec(readme)?.[1] ?? '';
    await server.send('ACL', 'SETUSER', 'usher', ...`${rules}${more}`.split(' '));
    const store = await openRedis(redisAddress(`redis://usher:password@127.0.0.1:${server.port}`), {
      now: Date.now,
      limits: unhurried,
    });
    stores.push(store);
    await until(() => store.feed.isLive());
    expect(store.feed.kind).toBe(kind);
    const record = await made(store);
    const found = await believe(store, record.id);
    await store.commit(revocation(record));
    await until(() => !store.isCurrent(found));
  });

  test('that is full, so that it takes no probe, is followed by its messages', async () => {
    await server.send('CONFIG', 'SET', 'maxmemory', '1mb');
    const store = await open(server.port);
    expect(store.feed.kind).toBe('messages');
  });
});
