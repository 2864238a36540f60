/** Connections that must be made anew are. */

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { keepConnected, redisClient } from '../../../src/store/redis/client.ts';
import { watchFailover } from '../../../src/store/redis/failover.ts';
import { defaultRedisLimits } from '../../../src/store/redis/limits.ts';
import { until } from '../../until.ts';
import { type RedisServer, startRedis } from './server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

const connect = async () => {
  const target = redisAddress(`redis://127.0.0.1:${server.port}`);
  const use = { name: 'test', commandTimeoutMs: 1000 };
  const client = redisClient(target, use, defaultRedisLimits);
  const end = keepConnected(client, defaultRedisLimits);
  await once(client, 'ready');
  return { client, end };
};

test('a client that ended is connected again, until it is to end', async () => {
  const { client, end } = await connect();
  client.disconnect();
  await once(client, 'end');
  await once(client, 'ready');
  end();
  await once(client, 'end');
  expect(client.status).toBe('end');
});

test('a master that was replaced is left, even if it still answers', async () => {
  const { client, end } = await connect();
  // A server that publishes what a Sentinel would.
  const sentinel = redisAddress(`redis-sentinel://127.0.0.1:${server.port}/usher`);
  const stop = watchFailover(sentinel, [client], defaultRedisLimits);
  const publish = (message: string) => server.send('PUBLISH', '+switch-master', message);
  try {
    let lost = 0;
    client.on('close', () => lost++);
    await until(async () => (await publish('other 127.0.0.1 1 127.0.0.1 2')) === 1);
    await publish('usher 127.0.0.1 1 127.0.0.1 2');
    await once(client, 'ready');
    expect(lost).toBe(1);
  } finally {
    stop();
    end();
  }
});
