/** Three replicas on one Redis share limits: under load, without Redis, and over restarts. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../until.ts';
import { adminOf } from '../api.ts';
import { runServer, type TestServer } from '../run-server.ts';
import { askMany, hello, withQuota, withRate } from '../token-limits.ts';
import { redisPlace } from './place.ts';

let place: Awaited<ReturnType<typeof redisPlace>>;
let servers: TestServer[];
const clock = { ms: Date.now() };

beforeAll(async () => {
  place = await redisPlace({ persistent: true });
  const env = { USHER_STORE: place.url, USHER_STALE_MAX_MS: '600000', USHER_LIMITS_SYNC_MS: '50' };
  servers = await Promise.all([1, 2, 3].map(() => runServer(env, clock)));
});
afterAll(async () => {
  await Promise.all(servers.map(server => server.stop()));
  await place.end();
});

const first = () => servers[0] as TestServer;

test('under load, three replicas let none through once they can know that the limit is used up', async () => {
  const limit = 300;
  const { token } = await withQuota(first(), limit);
  const passedAt: number[] = [];
  // The bound is 2 x (50 ms and an answer of Redis); a busy machine is slower.
  const knownMs = 2000;
  const ends = () => (passedAt[limit - 1] ?? Number.POSITIVE_INFINITY) + knownMs + 200;
  while (performance.now() < ends()) {
    const { passed } = await askMany(servers, token, 30);
    for (let n = 0; n < passed; n++) passedAt.push(performance.now());
  }
  expect(passedAt.length).toBeGreaterThanOrEqual(limit);
  expect(passedAt.length).toBeLessThanOrEqual(3 * limit);
  expect((passedAt.at(-1) ?? 0) - (passedAt[limit - 1] ?? 0)).toBeLessThan(knownMs);
});

test('of a limit of one, each replica lets one through at most', async () => {
  const { token } = await withRate(first(), 1, 3600);
  const { passed } = await askMany(servers, token, 90);
  expect(passed).toBeLessThanOrEqual(3);
  expect((await askMany(servers, token, 90)).passed).toBe(0);
});

test('a replica that was not asked knows what the others counted', async () => {
  const { token, id } = await withQuota(first(), 50);
  const [one, other] = servers as [TestServer, TestServer];
  const used = async (server: TestServer) =>
    (await adminOf(server).get({ id })).accessToken?.quotaUse?.used;
  expect(await hello(other, token)).toBe(200);
  await until(async () => (await used(one)) === 1n);
  let passed = 0;
  await until(async () => {
    const isPassed = (await hello(one, token)) === 200;
    if (isPassed) passed++;
    return !isPassed;
  });
  expect(passed).toBe(49);
  clock.ms += 2000;
  await until(async () => (await used(other)) === 50n);
  expect(await hello(other, token)).toBe(429);
});

test('without Redis each replica counts alone, nobody waits, and it is told until it is over', async () => {
  const { token, id } = await withQuota(first(), 100);
  for (const server of servers) expect(await hello(server, token)).toBe(200);
  await place.redis.kill();
  const { passed, others } = await askMany(servers, token, 600);
  expect(others).toEqual([429]);
  expect(passed).toBeGreaterThanOrEqual(100 - 3);
  expect(passed).toBeLessThanOrEqual(3 * 100);
  const degraded = async (server: TestServer) => {
    const answer = await fetch(`http://${server.http}/readyz`);
    const { degraded = [] } = (await answer.json()) as { degraded?: { what: string }[] };
    return degraded.map(({ what }) => what);
  };
  await until(async () => (await degraded(first())).includes('limits'));
  const metrics = await (await fetch(`http://${first().manager}/metrics`)).text();
  expect(metrics).toContain('usher_degraded{what="limits"} 1');
  expect(first().logged.some(line => line.includes('each replica and worker counts alone'))).toBe(
    true,
  );
  await place.redis.restart();
  await until(async () => {
    const answers = await Promise.all(servers.map(server => fetch(`http://${server.http}/readyz`)));
    return answers.every(({ status }) => status === 200);
  });
  await until(async () => !(await degraded(first())).includes('limits'));
  // What was counted meanwhile is summed.
  await until(async () => {
    const { accessToken } = await adminOf(first()).get({ id });
    return accessToken?.quotaUse?.used === BigInt(passed + servers.length);
  });
});
