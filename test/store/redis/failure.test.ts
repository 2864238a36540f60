/** What the Redis store does while Redis is dead, hangs, or is full. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import type { RedisLimits } from '../../../src/store/redis/limits.ts';
import { openRedis, type RedisStoreOptions } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { freePort } from '../../free-port.ts';
import { redisLimits } from '../../limits.ts';
import { until } from '../../until.ts';
import { create, creation, eventOf, intactLog, revocation } from '../changes.ts';
import { takesChanges } from '../takes-changes.ts';
import { type RedisServer, startRedis } from './server.ts';

let server: RedisServer;
const stores: Store[] = [];

const open = async (
  limits: Partial<RedisLimits> = {},
  options: Partial<RedisStoreOptions> = {},
) => {
  const store = await openRedis(redisAddress(`redis://127.0.0.1:${server.port}`), {
    now: Date.now,
    ...redisLimits({ pingIntervalMs: 100, ...limits }),
    ...options,
  });
  stores.push(store);
  return store;
};

beforeEach(async () => {
  server = await startRedis({ persistent: true });
});
afterEach(async () => {
  server.resume();
  for (const store of stores.splice(0)) await store.close();
  await server.stop();
});

test('a killed Redis is unavailable at once, and has its data after a restart', async () => {
  const store = await open();
  const [record] = await create(store, {});
  const changes: boolean[] = [];
  store.health.onChange(() => changes.push(store.health.up));
  await server.kill();
  await expect(store.get(record?.id ?? '')).rejects.toBeInstanceOf(Unavailable);
  await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  await expect(store.count()).rejects.toBeInstanceOf(Unavailable);
  await until(() => store.health.reason?.includes('ECONNREFUSED') === true);
  await server.restart();
  await until(() => takesChanges(store));
  expect(await store.get(record?.id ?? '')).toEqual(record);
  expect(await store.commit(creation())).toEqual({ outcome: 'done' });
  // Parts can become degraded, or well, before and after.
  expect(changes).toContain(false);
  expect(changes.at(-1)).toBe(true);
});

test('a hanging Redis is unavailable after the timeouts, and works again when it continues', async () => {
  const store = await open({ readTimeoutMs: 50, adminTimeoutMs: 50, ackTimeoutMs: 50 });
  const [record] = await create(store, {});
  server.pause();
  await expect(store.get(record?.id ?? '')).rejects.toBeInstanceOf(Unavailable);
  await expect(store.count()).rejects.toBeInstanceOf(Unavailable);
  await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  expect(store.health.up).toBe(false);
  server.resume();
  await until(() => store.health.up);
  expect(await store.get(record?.id ?? '')).toEqual(record);
});

test('a master that became a replica is not read, since it may lag', async () => {
  const store = await open();
  const unhurried = await open({ pingIntervalMs: 3_600_000 });
  const other = await startRedis({ config: [`replicaof 127.0.0.1 ${server.port}`] });
  const read = () => Promise.resolve(unhurried.get('a')).catch((error: Error) => error.message);
  try {
    await until(async () => ((await other.send('ROLE')) as string[])[3] === 'connected');
    await other.send('REPLICAOF', 'NO', 'ONE');
    await server.send('REPLICAOF', '127.0.0.1', other.port);
    await until(() => !store.health.up);
    await until(async () => ((await server.send('ROLE')) as string[])[3] === 'connected');
    // The store checks the role when it reconnects, and then stays connected.
    await server.send('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(async () => (await read()) === 'the connected Redis is no longer the master');
    for (let i = 0; i < 20; i++)
      expect(await read()).toBe('the connected Redis is no longer the master');

    await server.send('REPLICAOF', 'NO', 'ONE');
    await until(() => takesChanges(store));
    expect(await store.commit(creation())).toEqual({ outcome: 'done' });
  } finally {
    await other.stop();
  }
});

test('opening succeeds without Redis, and connects when Redis starts', async () => {
  await server.stop();
  const port = await freePort();
  server = { ...server, port };
  const store = await open();
  expect(store.health.up).toBe(false);
  await expect(store.get('a')).rejects.toBeInstanceOf(Unavailable);
  await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  server = await startRedis({ port });
  await until(() => takesChanges(store));
  const change = creation();
  expect(await store.commit(change)).toEqual({ outcome: 'done' });
  expect(await store.get(change.record.id)).toEqual(change.record);
});

test('opening does not wait long for a Redis that hangs', async () => {
  server.pause();
  const store = await open({ openWaitMs: 50, readTimeoutMs: 50, adminTimeoutMs: 50 });
  expect(store.health.up).toBe(false);
  server.resume();
  await until(() => store.health.up);
});

test('a full Redis refuses new access tokens, and revokes old ones', async () => {
  const store = await open();
  const [record] = await create(store, {});
  if (record === undefined) throw new Error('not made');
  await server.send('CONFIG', 'SET', 'maxmemory', '1mb');
  await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  await expect(store.append(eventOf('call.refused'))).rejects.toBeInstanceOf(Unavailable);
  const revoked = revocation(record);
  expect(await store.commit(revoked)).toEqual({ outcome: 'done' });
  expect(await store.get(record.id)).toEqual(revoked.record);
  expect(store.health.up).toBe(true);
  expect(await intactLog(store)).toHaveLength(2);
});

test('a malformed record is unavailable, and its text is not in the error', async () => {
  const store = await open();
  await server.send('SET', 'usher:token:broken', '{"id":"broken","secrets":["c2VjcmV0"');
  const error = await Promise.resolve(store.get('broken')).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Unavailable);
  expect(describe(error)).toContain('the record of broken is not as Usher wrote it');
  expect(describe(error)).not.toContain('c2VjcmV0');
});

test('an index entry without a record is left out', async () => {
  const store = await open();
  const [a, b, c] = await create(store, {}, {}, {});
  await server.send('DEL', `usher:token:${b?.id}`);
  expect((await store.scan({ order: 'oldest', limit: 9 })).records).toEqual([a, c]);
});

test('an error of Redis has the reason, but not the command arguments', async () => {
  const store = await open();
  await server.send('ACL', 'SETUSER', 'default', '-evalsha', '-eval');
  const change = creation({ name: 'private-name' });
  const error = await store.commit(change).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Unavailable);
  expect(describe(error)).toContain('NOPERM');
  expect(describe(error)).not.toContain('private-name');
});

test('the log says why there is no connection', async () => {
  await server.send('CONFIG', 'SET', 'requirepass', 'something');
  const store = await openRedis(redisAddress(`redis://:hunter2@127.0.0.1:${server.port}`), {
    now: Date.now,
    ...redisLimits(),
  });
  stores.push(store);
  expect(store.health.up).toBe(false);
  const error = await Promise.resolve(store.count()).catch((caught: unknown) => caught);
  expect(describe(error)).toContain('WRONGPASS');
  expect(describe(error)).not.toContain('hunter2');
});

test('a Redis that may evict data causes one warning', async () => {
  await server.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  const warnings: string[] = [];
  const store = await open({}, { onWarning: message => warnings.push(message) });
  await until(() => warnings.length > 0);
  await server.kill();
  await server.restart();
  await server.send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await until(() => store.health.up);
  expect(warnings).toEqual([expect.stringContaining('allkeys-lru')]);
});

/** Everything that a logger could write about an error. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${JSON.stringify(error)} ${error.stack} ${describe(error.cause)}`;
}
