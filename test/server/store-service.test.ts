/** StoreService over a whole server: who may see the state of the store, and who may accept it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-store-service-'));
let redis: RedisServer;
let server: TestServer;
beforeAll(async () => {
  redis = await startRedis();
  server = await runServer({
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    USHER_LEASE_MS: '400',
    USHER_CACHE_TTL_MS_MAX: '400',
    USHER_STATE_FILE: join(folder, 'state'),
  });
  await until(async () => (await storeOf(server.adminToken).getStoreStatus({})).problem === '');
});
afterAll(async () => {
  await server.stop();
  await redis.stop();
  rmSync(folder, { recursive: true });
});

const storeOf = (token: string) => clientOf(StoreService, server.manager, token);
const usher = (...args: string[]) =>
  runUsher(args, {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });

async function tokenWith(scopes: string[], owner = ''): Promise<string> {
  return (await adminOf(server).create({ kind: Kind.STATIC, name: 'a', scopes, owner })).token;
}

test('the status is for readers without an owner; accepting is for the admin token alone', async () => {
  const reader = await tokenWith(['usher.tokens.read']);
  expect((await storeOf(reader).getStoreStatus({})).head?.sequence).toBeGreaterThan(0n);
  const owned = await tokenWith(['usher.admin'], 'someone');
  const denied = { code: Code.PermissionDenied };
  await expect(storeOf(owned).getStoreStatus({})).rejects.toMatchObject(denied);
  const admin = await tokenWith(['usher.admin']);
  await expect(storeOf(admin).acceptStore({})).rejects.toMatchObject(denied);
  await expect(storeOf('').getStoreStatus({})).rejects.toMatchObject({
    code: Code.Unauthenticated,
  });
});

test('a store with which nothing is wrong is not accepted', async () => {
  const refused = { code: Code.FailedPrecondition, rawMessage: 'nothing is wrong with the store' };
  await expect(storeOf(server.adminToken).acceptStore({})).rejects.toMatchObject(refused);
});

test('an emptied store is shown, and goes on when it is accepted', async () => {
  const { token = '' } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
  await redis.send('FLUSHALL');
  await until(async () => (await fetch(`http://${server.http}/readyz`)).status === 503);
  const shown = await usher('store', 'status');
  expect(shown).toMatchObject({ code: 1, err: '' });
  expect(shown.out).toMatch(/problem\s+the store came back empty/);
  const verify = () => fetch(`http://${server.http}/`, { headers: { authorization: token } });
  expect((await verify()).status).toBe(503);

  expect(await usher('store', 'accept')).toMatchObject({ code: 0 });
  await until(async () => (await fetch(`http://${server.http}/readyz`)).status === 200);
  expect(await usher('store', 'status')).toMatchObject({ code: 0 });
  expect((await verify()).status).toBe(401);
  const { events } = await adminOf(server).listAuditEvents({ pageSize: 1 });
  expect(events).toMatchObject([
    {
      ...{ action: 'store.accept', actor: 'admin' },
      detail: expect.stringMatching(/^0 lost changes; the store came back empty/),
    },
  ]);
  expect(await usher('audit', 'verify')).toMatchObject({ code: 0 });
});
