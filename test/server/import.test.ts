/** An import by command into a real server, and what floods of garbage cost its store then. */

import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, test } from 'vitest';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function onRedis(): Promise<{ redis: RedisServer; server: TestServer }> {
  const redis = await startRedis();
  cleaning.push(() => redis.stop());
  const url = `redis://127.0.0.1:${redis.port}`;
  const server = await runServer({ USHER_STORE: url, USHER_LEASE_MS: '10000' });
  cleaning.push(() => server.stop());
  return { redis, server };
}

async function onLmdb(): Promise<{ server: TestServer }> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-import-'));
  cleaning.push(() => rmSync(folder, { recursive: true, force: true }));
  const server = await runServer({ USHER_STORE: `lmdb:${folder}` });
  cleaning.push(() => server.stop());
  return { server };
}

const imported = () => `sk_live_${randomBytes(16).toString('hex')}`;
const reasonOf = async (server: TestServer, header: string) =>
  (await clientOf(VerifierService, server.http, '').verify({ header })).reason;

describe.each([
  ['LMDB', onLmdb],
  ['Redis', onRedis],
])('on %s', (_, start) => {
  test('a file of a thousand is imported by command, once', async () => {
    const { server } = await start();
    const tokens = Array.from({ length: 1000 }, imported);
    const lines = tokens.map((token, n) => JSON.stringify({ token, name: `n${n}`, owner: 'ann' }));
    const [first = ''] = tokens;
    // Remembered as unknown, until it is not any more.
    expect(await reasonOf(server, first)).toBe(Reason.INVALID_TOKEN);
    const run = (...args: string[]) =>
      runUsher(
        ['token', 'import', ...args, '--json'],
        {
          USHER_MANAGER_URL: `http://${server.manager}`,
          USHER_ADMIN_TOKEN: server.adminToken,
        },
        { stdin: lines.join('\n') },
      );
    expect(JSON.parse((await run('--dry-run')).out)).toMatchObject({ imported: 1000 });
    expect(JSON.parse((await run()).out)).toMatchObject({ imported: 1000, refused: 0 });
    for (const token of [first, ...tokens.slice(-20)]) {
      expect(await reasonOf(server, token)).toBe(Reason.NONE);
    }
    expect(JSON.parse((await run()).out)).toMatchObject({ imported: 0, existing: 1000 });

    const admin = adminOf(server);
    const { totalSize, accessTokens } = await admin.list({ owner: 'ann', pageSize: 1 });
    expect([totalSize, accessTokens[0]?.imported]).toEqual([1000n, 'plain']);
    const { events } = await admin.listAuditEvents({ pageSize: 1000 });
    expect(new Set(events.map(({ action }) => action))).toEqual(new Set(['token.import']));
    expect(new Set(events.map(({ tokenId }) => tokenId)).size).toBe(1000);
    for (const text of [server.logged.join(''), JSON.stringify(events, replacer)]) {
      expect(text).not.toContain('sk_live_');
    }
  });
});

const replacer = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

/** How often a Redis was told to read a key. */
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
  // From when its feed is heard, what was read may be remembered.
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
