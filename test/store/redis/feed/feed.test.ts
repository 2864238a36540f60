/** Cached records follow Redis by tracking, through every kind of change and fault. */

import { readFile, rm } from 'node:fs/promises';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { redisAddress } from '../../../../src/store/address.ts';
import type { AccessTokenRecord } from '../../../../src/store/record.ts';
import { tokenKey } from '../../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../../src/store/redis/limits.ts';
import { openRedis } from '../../../../src/store/redis/store.ts';
import type { Found, Store } from '../../../../src/store/store.ts';
import { freePort } from '../../../free-port.ts';
import { redisLimits } from '../../../limits.ts';
import { until } from '../../../until.ts';
import { create, creation, revocation } from '../../changes.ts';
import { takesChanges } from '../../takes-changes.ts';
import { untilCached } from '../../until-cached.ts';
import { type RedisServer, startRedis } from '../server.ts';

const stores: Store[] = [];
/** With so rare pings, only an invalidation can report a change. */
const unhurried = { feedPingMs: 3_600_000, leaseMs: 7_200_000 };

async function open(port: number, limits: Partial<RedisLimits> = {}): Promise<Store> {
  const store = await openRedis(redisAddress(`redis://127.0.0.1:${port}`), {
    now: Date.now,
    ...redisLimits(limits),
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

describe('a cached record is invalidated', () => {
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
    found = await untilCached(reader, record.id);
  });

  test('once it is tracked and has answered a probe', () => {
    expect(reader.feed.kind).toBe('tracking');
    expect(reader.feed.lagMs()).toBeGreaterThanOrEqual(0);
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

  test('after a change by the same process', async () => {
    await reader.commit(revocation(record));
    await until(async () => (await reader.find(record.id)).record?.revokedAt !== undefined);
    expect(reader.isCurrent(found)).toBe(false);
  });

  test('only if it was changed', async () => {
    const other = await made(writer);
    await until(() => reader.isCurrent(found));
    await writer.commit(revocation(other));
    await untilCached(reader, other.id);
    expect(reader.isCurrent(found)).toBe(true);
  });

  test('an access token that was unknown is found once it is created', async () => {
    const change = creation();
    expect((await reader.find(change.record.id)).record).toBeUndefined();
    await writer.commit(change);
    await until(async () => (await reader.find(change.record.id)).record !== undefined);
  });

  test('a change while the feed was cut off takes effect when the feed is live again', async () => {
    await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await writer.commit(revocation(record));
    await until(() => reader.feed.isLive() === true);
    expect((await untilCached(reader, record.id)).record?.revokedAt).toBeDefined();
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

  test('that hangs is trusted for the lease at most', async () => {
    const store = await open(server.port, { leaseMs: 200, feedPingMs: 20 });
    const record = await made(store);
    const found = await untilCached(store, record.id);
    server.pause();
    await until(() => store.feed.isLive() === false);
    expect(store.isCurrent(found)).toBe(false);
    server.resume();
    expect((await untilCached(store, record.id)).record).toEqual(record);
  });

  test('is not trusted for the time in which the machine slept', async () => {
    let sleptMs = 0;
    const wallMs = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => wallMs() + sleptMs);
    onTestFinished(() => void vi.restoreAllMocks());
    const store = await open(server.port);
    const found = await untilCached(store, (await made(store)).id);
    // The monotonic clock stands still meanwhile.
    sleptMs = 3_600_000;
    expect(store.isCurrent(found)).toBe(false);
  });

  test('that was killed and restarted is followed again', async () => {
    const store = await open(server.port);
    const record = await made(store);
    const found = await untilCached(store, record.id);
    await server.kill();
    await until(() => !store.isCurrent(found) && store.feed.isLive() === false);
    await server.restart();
    await until(() => takesChanges(store) && store.feed.isLive() === true);
    const again = await untilCached(store, record.id);
    expect(store.isCurrent(found)).toBe(false);
    await store.commit(revocation(record));
    await until(() => !store.isCurrent(again));
  });

  test('that became a replica is not trusted, though it has the same data', async () => {
    const store = await open(server.port, { feedPingMs: 20, pingIntervalMs: 3_600_000 });
    const record = await made(store);
    const found = await untilCached(store, record.id);
    // Of a master that is away, so that nothing else happens to its connections.
    await server.send('REPLICAOF', '127.0.0.1', await freePort());
    await until(() => !store.feed.isLive());
    expect(store.isCurrent(found)).toBe(false);
  });

  test.each([
    ['tracking', ''],
    ['messages', ' -client|tracking'],
  ])('whose user may do what the documentation says is followed by %s', async (kind, more) => {
    const page = await readFile('docs/redis.md', 'utf8');
    const rules = /^ACL SETUSER usher (.*)$/m.exec(page)?.[1] ?? '';
    await server.send('ACL', 'SETUSER', 'usher', ...`${rules}${more}`.split(' '));
    const store = await openRedis(redisAddress(`redis://usher:password@127.0.0.1:${server.port}`), {
      now: Date.now,
      ...redisLimits(unhurried),
    });
    stores.push(store);
    await until(() => store.feed.isLive());
    expect(store.feed.kind).toBe(kind);
    const record = await made(store);
    const found = await untilCached(store, record.id);
    await store.commit(revocation(record));
    await until(() => !store.isCurrent(found));
  });

  test('whose save has failed, so that it refuses writes and PING, is trusted all the same', async () => {
    const store = await open(server.port, { leaseMs: 200, feedPingMs: 20 });
    const found = await untilCached(store, (await made(store)).id);
    const [, folder = ''] = (await server.send('CONFIG', 'GET', 'dir')) as string[];
    await rm(folder, { recursive: true });
    await server.send('CONFIG', 'SET', 'save', '3600 1');
    await server.send('BGSAVE');
    await until(async () => {
      const info = String(await server.send('INFO', 'persistence'));
      return info.includes('rdb_last_bgsave_status:err');
    });
    await expect(server.send('PING')).rejects.toThrow('MISCONF');
    expect(store.isCurrent(found)).toBe(true);
    // On a new connection too, where its probe is refused.
    await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => store.feed.kind === 'messages' && store.feed.isLive());
    await untilCached(store, found.record?.id ?? '');
  });

  test('that is full and accepts no probe is followed by messages', async () => {
    await server.send('CONFIG', 'SET', 'maxmemory', '1mb');
    const store = await open(server.port);
    expect(store.feed.kind).toBe('messages');
  });
});
