/** `usher store migrate` on Redis: records without a MAC are good before it, and refused after it. */

import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { schemaKey, tokenKey } from '../../src/store/redis/keys.ts';
import { runUsher } from '../cli/run-usher.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let redis: RedisServer;
let server: TestServer;

const start = () => runServer({ USHER_STORE: `redis://127.0.0.1:${redis.port}` });

beforeEach(async () => {
  redis = await startRedis();
  server = await start();
});
afterEach(async () => {
  await server.stop();
  await redis.stop();
});

/** Takes the MAC away, as of a record that an earlier version wrote. */
async function unsign(id: string): Promise<string> {
  const text = String(await redis.send('GET', tokenKey(id)));
  const unsigned = text.replace(/,"mac":"[^"]*"\}$/, '}');
  await redis.send('SET', tokenKey(id), unsigned);
  return unsigned;
}

const statusOn = async (token: string) =>
  (await fetch(`http://${server.http}/`, { headers: { authorization: token } })).status;

test('a store of an earlier version is migrated while it serves', async () => {
  const { accessToken, token } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
  const id = accessToken?.id ?? '';
  const unsigned = await unsign(id);
  await server.stop();
  await redis.send('DEL', schemaKey);
  server = await start();
  expect(server.logged.join('')).toContain('until `usher store migrate`');
  expect(await statusOn(token)).toBe(200);

  const env = {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  };
  const { code, out } = await runUsher(['store', 'migrate', '--json'], env);
  expect([code, JSON.parse(out)]).toEqual([0, { examined: 1, signed: 1 }]);
  expect(await redis.send('GET', schemaKey)).toBe('2');
  expect(await redis.send('GET', tokenKey(id))).toMatch(/,"mac":"k1 [\w-]{22}"\}$/);
  expect(await statusOn(token)).toBe(200);
  expect(JSON.parse((await runUsher(['store', 'migrate', '--json'], env)).out)).toEqual({
    examined: 1,
    signed: 0,
  });

  const { events } = await adminOf(server).listAuditEvents({});
  const migrations = events.filter(({ action }) => action === 'store.migrate');
  expect(migrations).toMatchObject([
    { actor: 'admin', detail: '1 access tokens, 0 records signed' },
    { actor: 'admin', detail: '1 access tokens, 1 records signed' },
  ]);
  const verified = await runUsher(['audit', 'verify', '--json'], env);
  expect([verified.code, JSON.parse(verified.out)]).toMatchObject([0, { whole: true }]);

  await redis.send('SET', tokenKey(id), unsigned);
  await server.stop();
  server = await start();
  expect(await statusOn(token)).toBe(503);
  expect(
    server.logged.filter(line => line.includes(id) && line.includes('as Usher wrote')),
  ).toHaveLength(1);
  expect(await (await fetch(`http://${server.manager}/metrics`)).text()).toMatch(
    /usher_record_mac_failures_total [1-9]/,
  );
});

test('only an administrator of all owners may do it', async () => {
  const made = { kind: Kind.STATIC, name: 'a', scopes: ['usher.admin'], owner: 'ann' };
  const { token } = await adminOf(server).create(made);
  const store = clientOf(StoreService, server.manager, token);
  for (const call of [store.migrate({}), store.listRecords({})]) {
    const error = ConnectError.from(await call.catch((cause: unknown) => cause));
    expect(error.code).toBe(Code.PermissionDenied);
  }
});
