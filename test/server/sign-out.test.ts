/**
 * A sign-out ends the session for every copy of its cookie, on every server and after a restart.
 */

import { afterEach, expect, test } from 'vitest';
import { pageSecretHeader } from '../../src/manager/page-secret.ts';
import { startRedis } from '../store/redis/server.ts';
import { runServer, type TestServer } from './run-server.ts';

const started: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of started.splice(0).reverse()) await end();
});

const session = ({ manager }: TestServer, init: RequestInit) =>
  fetch(`http://${manager}/session`, init);
const own = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };

test('another admin token ends all sessions', async () => {
  const redis = await startRedis();
  started.push(() => redis.stop());
  const start = async (env: Record<string, string>) => {
    const server = await runServer({ USHER_STORE: `redis://127.0.0.1:${redis.port}`, ...env });
    started.push(() => server.stop());
    return server;
  };
  const one = await start({});
  const signedIn = await session(one, {
    ...{ method: 'POST', headers: own },
    body: JSON.stringify({ token: one.adminToken }),
  });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { pageSecret } = (await signedIn.json()) as { pageSecret: string };
  const headers = { ...own, cookie, [pageSecretHeader]: pageSecret };
  expect((await session(await start({}), { headers })).status).toBe(200);
  const other = await start({ USHER_ADMIN_TOKEN: `another-${one.adminToken}` });
  expect((await session(other, { headers })).status).toBe(401);
});

test('a sign-out on one server holds on the others', async () => {
  const redis = await startRedis();
  started.push(() => redis.stop());
  const start = async () => {
    const server = await runServer({ USHER_STORE: `redis://127.0.0.1:${redis.port}` });
    started.push(() => server.stop());
    return server;
  };
  const [one, two] = [await start(), await start()];
  const body = JSON.stringify({ token: one.adminToken });
  const signedIn = await session(one, { method: 'POST', headers: own, body });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { pageSecret } = (await signedIn.json()) as { pageSecret: string };
  const headers = { ...own, cookie, [pageSecretHeader]: pageSecret };
  expect((await session(two, { headers })).status).toBe(200);
  expect((await session(two, { method: 'DELETE', headers })).status).toBe(200);
  expect((await session(one, { headers })).status).toBe(401);
  expect((await session(await start(), { headers })).status).toBe(401);
});
