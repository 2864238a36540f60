/** After a stall of this process, what Redis has answered is read before a timer judges. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { type RedisClient, redisClient } from '../../../src/store/redis/client.ts';
import { redisLimits } from '../../limits.ts';
import { stall } from '../../stall.ts';
import { type RedisServer, startRedis } from './server.ts';
import { startCluster } from './topologies.ts';

let server: RedisServer;
const clients: RedisClient[] = [];

beforeEach(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  server.resume();
  await server.stop();
});

/** As `once` of node:events, which takes an 'error' before the event for a failure. */
const event = (client: RedisClient, name: 'ready' | 'close') =>
  new Promise<void>(resolve => {
    client.once(name, () => resolve());
  });

/** The timeouts of commands and of silence, in milliseconds. */
const timeoutMs = 200;

async function connect(url = `redis://127.0.0.1:${server.port}`): Promise<RedisClient> {
  const { limits } = redisLimits({ socketTimeoutMs: timeoutMs });
  const use = { name: 'test', commandTimeoutMs: timeoutMs };
  const client = redisClient(redisAddress(url), use, limits);
  clients.push(client);
  const ready = event(client, 'ready');
  void client.connect().catch(() => undefined);
  await ready;
  return client;
}

test('commands that were answered during a stall succeed, and the connection stays', async () => {
  const client = await connect();
  const id = await client.client('ID');
  for (let n = 0; n < 3; n++) {
    const answers = Promise.all([client.set('a', n), client.get('a'), client.client('ID')]);
    stall(4 * timeoutMs);
    expect(await answers).toEqual(['OK', String(n), id]);
  }
});

test('so do those of the nodes of a Cluster', async () => {
  const cluster = await startCluster();
  try {
    const client = await connect(cluster.url);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const key of keys) await client.set(key, key);
    const answers = Promise.all(keys.map(key => client.get(key)));
    stall(4 * timeoutMs);
    expect(await answers).toEqual(keys);
  } finally {
    await cluster.stop();
  }
});

test('a connection that opened during a stall is used', async () => {
  const { limits } = redisLimits({ connectTimeoutMs: timeoutMs });
  const use = { name: 'test', commandTimeoutMs: timeoutMs };
  const address = redisAddress(`redis://127.0.0.1:${server.port}`);
  const client = redisClient(address, use, limits) as Redis;
  clients.push(client);
  const seen: string[] = [];
  for (const name of ['close', 'ready'] as const) client.on(name, () => seen.push(name));
  const ready = event(client, 'ready');
  void client.connect().catch(() => undefined);
  // Until it is opening, and its answer was not read yet.
  while (client.stream === undefined) await new Promise<void>(next => process.nextTick(next));
  expect(client.stream.connecting).toBe(true);
  stall(4 * timeoutMs);
  await ready;
  expect(seen).toEqual(['ready']);
});

test('a connection that does not open is given up', async () => {
  // A peer that never answers the greeting of TLS.
  const deaf = createServer().listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  try {
    const { limits } = redisLimits({ connectTimeoutMs: timeoutMs });
    const use = { name: 'test', commandTimeoutMs: timeoutMs };
    const { port } = deaf.address() as AddressInfo;
    const client = redisClient(redisAddress(`rediss://127.0.0.1:${port}`), use, limits);
    clients.push(client);
    const failed = new Promise<Error>(resolve => client.once('error', resolve));
    void client.connect().catch(() => undefined);
    expect(await failed).toMatchObject({ message: 'connect ETIMEDOUT', code: 'ETIMEDOUT' });
  } finally {
    deaf.close();
  }
});

test('an answer that arrived while a connection was closing is read', async () => {
  const client = await connect();
  const answer = client.get('a');
  client.disconnect();
  stall(1000);
  expect(await answer).toBeNull();
});

test('a command without an answer fails, and its silent connection is replaced', async () => {
  const client = await connect();
  const before = await client.client('ID');
  server.pause();
  const closed = event(client, 'close');
  await expect(client.get('a')).rejects.toThrow(/^Command timed out$|^Socket timeout/);
  await closed;
  const ready = event(client, 'ready');
  server.resume();
  await ready;
  expect(await client.client('ID')).not.toBe(before);
});
