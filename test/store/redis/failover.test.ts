/** Connections are replaced when they end or lead to a deposed master. */

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { keepConnected, redisClient } from '../../../src/store/redis/client.ts';
import { followFailover } from '../../../src/store/redis/failover.ts';
import { defaultLimits } from '../../limits.ts';
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
  const client = redisClient(target, use, defaultLimits.store.redis);
  const end = keepConnected(client, defaultLimits.store.redis);
  await once(client, 'ready');
  return { client, end };
};

test('a client that ended reconnects, unless it was closed', async () => {
  const { client, end } = await connect();
  client.disconnect();
  await once(client, 'end');
  await once(client, 'ready');
  end();
  await once(client, 'end');
  expect(client.status).toBe('end');
});

test('a deposed master is left, even if it still answers', async () => {
  const { client, end } = await connect();
  // A server that publishes the messages of a Sentinel.
  const sentinel = redisAddress(`redis-sentinel://127.0.0.1:${server.port}/usher`);
  const stop = followFailover(sentinel, [client], defaultLimits.store.redis);
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
