/** Two replicas share a Redis: one tells webhooks, and the other goes on when it is killed. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../../src/gen/usher/v1/access_token_pb.ts';
import { WebhookService } from '../../../src/gen/usher/v1/webhooks_pb.ts';
import { type RedisServer, startRedis } from '../../store/redis/server.ts';
import { until } from '../../until.ts';
import { type Receiver, startReceiver, verifiedNow } from '../../webhooks/receiver.ts';
import { adminOf, clientOf } from '../api.ts';
import { startUsherProcess, type UsherProcess } from '../usher-process.ts';

let redis: RedisServer;
let receiver: Receiver;
let servers: [UsherProcess, UsherProcess];

beforeAll(async () => {
  [redis, receiver] = await Promise.all([startRedis(), startReceiver()]);
  const start = () =>
    startUsherProcess({
      USHER_STORE: `redis://127.0.0.1:${redis.port}`,
      USHER_OUTBOUND_ALLOW: '127.0.0.1',
      USHER_LEASE_MS: '500',
      USHER_CACHE_TTL_MS_MAX: '500',
      // Both share the machine with other tests.
      USHER_STORE_TIMEOUT_MS: '10000',
    });
  servers = [await start(), await start()];
}, 60_000);
afterAll(async () => {
  await Promise.all(servers.map(server => server.remove()));
  await Promise.all([redis.stop(), receiver.stop()]);
});

const names = () =>
  receiver.got
    .filter(({ event }) => event.type === 'token.created')
    .map(({ event }) => event.data.accessToken?.name);
const made = (server: UsherProcess, name: string) =>
  adminOf(server).create({ name, kind: Kind.STATIC });

test('nothing is lost when replicas are killed in turn', { timeout: 120_000 }, async () => {
  const [first, second] = servers;
  const hooks = clientOf(WebhookService, first.manager, first.adminToken);
  const url = `${receiver.url}/redis`;
  const webhook = { url, events: ['token.created', 'token.revoked'], enabled: true };
  const { secret, webhook: created } = await hooks.createWebhook({ webhook });
  await made(first, 'a');
  await made(second, 'b');
  await until(() => new Set(names()).size === 2, 60_000);
  for (const [dying, other, name] of [
    [first, second, 'c'],
    [second, first, 'd'],
  ] as const) {
    receiver.answers['/redis'] = 500;
    await made(other, `${name} before`);
    await dying.kill();
    await made(other, `${name} after`);
    receiver.answers['/redis'] = 204;
    const wanted = [`${name} before`, `${name} after`];
    const told = clientOf(WebhookService, other.manager, other.adminToken);
    await until(async () => {
      const { deliveries } = await told.listDeliveries({ webhookId: created?.id ?? '' });
      const good = deliveries.filter(({ state }) => state === 2).map(({ payload }) => payload);
      return wanted.every(each => good.some(payload => payload.includes(each)));
    }, 60_000);
    await dying.start();
  }
  for (const got of receiver.got) expect(verifiedNow(secret, got)).toEqual(got.event);
  const redisText = JSON.stringify(await redis.send('KEYS', '*'));
  expect(redisText).not.toContain(secret);
});
