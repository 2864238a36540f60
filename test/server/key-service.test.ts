/** KeyService over a whole server: who may see, reload, rotate and count the master keys. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { KeyService } from '../../src/gen/usher/v1/keys_pb.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { newKey } from './rotation.ts';
import { runServer, type TestServer } from './run-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-key-service-'));
const [k1, k2] = [newKey('k1'), newKey('k2')];
let server: TestServer;
beforeAll(async () => {
  const keys = join(folder, 'keys');
  writeFileSync(keys, k1);
  server = await runServer({
    USHER_MASTER_KEYS: undefined,
    USHER_MASTER_KEYS_COMMAND: `cat ${keys}`,
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const keysOf = (token: string) => clientOf(KeyService, server.manager, token);

async function tokenWith(scopes: string[], owner = ''): Promise<string> {
  return (await adminOf(server).create({ kind: Kind.STATIC, name: 'a', scopes, owner })).token;
}

test('readers may see the keys; all else is for administrators without an owner', async () => {
  const reader = keysOf(await tokenWith(['usher.tokens.read']));
  const { status } = await reader.getKeys({});
  expect(status?.keys).toMatchObject([{ id: 'k1', writes: true, listed: true }]);
  const denied = { code: Code.PermissionDenied };
  await expect(reader.reloadKeys({})).rejects.toMatchObject(denied);
  await expect(reader.rotateKeys({})).rejects.toMatchObject(denied);
  await expect(reader.countKeyUse({})).rejects.toMatchObject(denied);
  const owned = keysOf(await tokenWith(['usher.admin'], 'someone'));
  for (const call of [owned.getKeys, owned.reloadKeys, owned.rotateKeys, owned.countKeyUse]) {
    await expect(call({})).rejects.toMatchObject(denied);
  }
  for (const { removeKey } of [reader, owned]) {
    await expect(removeKey({ id: 'k0' })).rejects.toMatchObject(denied);
  }
  await expect(keysOf('').getKeys({})).rejects.toMatchObject({ code: Code.Unauthenticated });
  const other = keysOf(await tokenWith(['orders:read']));
  await expect(other.getKeys({})).rejects.toMatchObject(denied);
});

test('a reload is in the audit log, with who did it and no key', async () => {
  writeFileSync(join(folder, 'keys'), `${k2},${k1}`);
  const { status } = await keysOf(server.adminToken).reloadKeys({});
  expect(status?.keys.map(({ id }) => id)).toEqual(['k2', 'k1']);
  await until(async () => {
    const { events } = await adminOf(server).listAuditEvents({ pageSize: 100 });
    const found = new Map(
      events.map(({ action, actor, detail }) => [action, `${actor} ${detail}`]),
    );
    return (
      found.get('keys.reload') === 'admin k2, k1' && found.get('keys.write') === ' k2 instead of k1'
    );
  });
  const said = JSON.stringify([status, server.logged]);
  for (const key of [k1, k2]) expect(said).not.toContain(key.slice(3));
});

test('the count has no more than its pages, and its page tokens are its own', async () => {
  const admin = keysOf(server.adminToken);
  const first = await admin.countKeyUse({});
  expect(first.examined).toBeGreaterThan(0);
  expect(first.uses.find(({ masterKeyId }) => masterKeyId === 'k1')?.staticTokens).toBe(
    first.examined,
  );
  // Behind the access tokens come the imported tokens, then the documents.
  const imported = await admin.countKeyUse({ pageToken: first.nextPageToken });
  expect(imported.examined).toBe(0);
  const last = await admin.countKeyUse({ pageToken: imported.nextPageToken });
  expect(last).toMatchObject({ examined: 0, nextPageToken: '' });
  const bad = { code: Code.InvalidArgument };
  await expect(admin.countKeyUse({ pageToken: 'x' })).rejects.toMatchObject(bad);
  const { nextPageToken } = await adminOf(server).list({ pageSize: 1 });
  await expect(admin.countKeyUse({ pageToken: nextPageToken })).rejects.toMatchObject(bad);
});
