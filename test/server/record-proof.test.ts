/** `usher audit verify --records` compares the records of a real server with its log. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { tokenKey } from '../../src/store/redis/keys.ts';
import { runUsher } from '../cli/run-usher.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let redis: RedisServer;
let server: TestServer;

beforeEach(async () => {
  redis = await startRedis();
  server = await runServer({ USHER_STORE: `redis://127.0.0.1:${redis.port}` });
});
afterEach(async () => {
  await server.stop();
  await redis.stop();
});

const verify = async (...args: string[]) => {
  const { code, out } = await runUsher(['audit', 'verify', '--records', ...args], {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });
  return { code, out };
};

async function made(): Promise<string> {
  const { accessToken } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
  return accessToken?.id ?? '';
}

test('records that agree with the log are counted', async () => {
  const ids = await Promise.all([made(), made()]);
  await adminOf(server).revoke({ id: ids[0] ?? '' });
  const { code, out } = await verify('--json');
  expect(JSON.parse(out)).toMatchObject({ whole: true, records: 2, wrong: [] });
  expect(code).toBe(0);
  expect((await verify()).out).toContain('all 2 records agree with the log');
});

test('an older copy put back and a deleted record are found', async () => {
  const [older, deleted, untouched] = await Promise.all([made(), made(), made()]);
  const copy = String(await redis.send('GET', tokenKey(older)));
  await adminOf(server).revoke({ id: older });
  await redis.send('SET', tokenKey(older), copy);
  await redis.send('DEL', tokenKey(deleted));
  const { code, out } = await verify('--json');
  expect(code).toBe(1);
  const report = JSON.parse(out);
  expect(report.records).toBe(2);
  expect(report.wrong).toHaveLength(2);
  const problemOf = (id: string) =>
    report.wrong.find((each: { id: string }) => each.id === id)?.problem;
  expect(problemOf(older)).toMatch(
    /^its record is an older one, of entry \d \(token\.create\); entry 4/,
  );
  expect(problemOf(deleted)).toMatch(/^its record is missing; entry \d \(token\.create\)/);
  expect(problemOf(untouched)).toBeUndefined();
  expect((await verify()).out).toContain(`access token ${older}: its record is an older one`);
});

test('with a file there are no records to compare', async () => {
  expect((await verify('-')).code).toBe(2);
});
