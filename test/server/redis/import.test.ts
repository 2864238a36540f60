/** An import by command on Redis, and what floods of garbage cost Redis then. */

import { randomBytes, randomUUID } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, onTestFinished, test } from 'vitest';
import { Reason } from '../../../src/gen/usher/v1/verifier_pb.ts';
import type { RedisServer } from '../../store/redis/server.ts';
import { until } from '../../until.ts';
import { adminOf } from '../api.ts';
import { describeChecks, describeImport, imported, reasonOf } from '../import.ts';
import { runServer, type TestServer } from '../run-server.ts';
import { redisPlace } from './place.ts';

async function onRedis(): Promise<{ redis: RedisServer; server: TestServer }> {
  const { url, redis, end } = await redisPlace();
  onTestFinished(end);
  const server = await runServer({ USHER_STORE: url, USHER_LEASE_MS: '10000' });
  onTestFinished(() => server.stop());
  return { redis, server };
}

describeImport('Redis', redisPlace);
describeChecks('Redis', redisPlace);

async function getsOf(redis: RedisServer): Promise<number> {
  const text = String(await redis.send('INFO', 'commandstats'));
  return Number(/^cmdstat_get:calls=(\d+)/m.exec(text)?.[1] ?? 0);
}

test('a flood of garbage costs Redis nothing before an import, and little after', async () => {
  const { redis, server } = await onRedis();
  const cost = async (headers: string[]) => {
    const before = await getsOf(redis);
    for (const header of headers) {
      expect(await reasonOf(server, header)).toBe(Reason.INVALID_TOKEN);
    }
    return (await getsOf(redis)) - before;
  };
  const garbage = Array.from({ length: 50 }, imported);
  // Once the feed is live, reads may be cached.
  await until(async () => (await cost([imported()])) === 0);
  expect(await cost(garbage)).toBe(0);

  const token = imported();
  const item = { name: 'a', secret: { case: 'token', value: token } } as const;
  await adminOf(server).import({ items: [item], requestId: randomUUID() });
  await until(async () => (await reasonOf(server, token)) === Reason.NONE);
  expect(await cost(garbage.map(header => `${header}x`))).toBe(0);
  expect(await cost(garbage)).toBe(garbage.length);
  expect(await cost(garbage)).toBe(0);
  expect(
    await cost(Array.from({ length: 20 }, () => `ush_${randomBytes(30).toString('hex')}`)),
  ).toBe(0);
});

test('without Redis, it is not known whether an imported token is good', async () => {
  const { redis, server } = await onRedis();
  const token = imported();
  const item = { name: 'a', secret: { case: 'token', value: token } } as const;
  await adminOf(server).import({ items: [item] });
  await redis.kill();
  await until(async () => {
    const error = await reasonOf(server, token).catch((thrown: unknown) => thrown);
    return ConnectError.from(error).code === Code.Unavailable;
  });
  await redis.restart();
});
