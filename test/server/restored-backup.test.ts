/** A restored backup is a rolled back store: what was revoked after it stays revoked. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, secrets, type TestServer } from './run-server.ts';

let folder: string;
let file: string;
const servers: TestServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-restored-'));
  file = join(folder, 'backup');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string>): Promise<TestServer> {
  const server = await runServer(env);
  servers.push(server);
  return server;
}

const envOf = ({ manager, adminToken }: TestServer) => ({
  USHER_MANAGER_URL: `http://${manager}`,
  USHER_ADMIN_TOKEN: adminToken,
});
const restore = (store: string) => runUsher(['restore', file], { ...secrets, USHER_STORE: store });

/** Creates a token, makes a backup, and then revokes the token. */
async function revokedAfterBackup(server: TestServer): Promise<string> {
  const admin = adminOf(server);
  const { accessToken, token } = await admin.create({ kind: Kind.STATIC, name: 'victim' });
  expect(await runUsher(['backup', file], envOf(server))).toMatchObject({ code: 0 });
  await admin.revoke({ id: accessToken?.id ?? '' });
  return token;
}

async function statusOn({ http }: TestServer, token: string): Promise<number> {
  return (await fetch(`http://${http}/`, { headers: { authorization: token } })).status;
}

test('Redis: a replica that lives puts the revocation back, also for a newcomer', async () => {
  const redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  try {
    const live = await start({ USHER_STORE: url });
    const token = await revokedAfterBackup(live);
    await redis.send('FLUSHALL');
    await until(async () => (await fetch(`http://${live.http}/readyz`)).status === 503);
    expect(await restore(url)).toMatchObject({ code: 0 });
    const said = new Set<number>();
    await until(async () => {
      said.add(await statusOn(live, token));
      return said.has(401);
    });
    expect([...said]).not.toContain(200);
    await until(async () => (await fetch(`http://${live.http}/readyz`)).status === 200);
    expect(await statusOn(await start({ USHER_STORE: url }), token)).toBe(401);
    const verified = await runUsher(['audit', 'verify', '--records', '--json'], envOf(live));
    expect(JSON.parse(verified.out)).toMatchObject({ whole: true, wrong: [] });
    const { events } = await adminOf(live).listAuditEvents({ oldestFirst: true });
    expect(events.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['store.restore', 'token.revoke', 'store.healed']),
    );
  } finally {
    for (const server of servers.splice(0)) await server.stop();
    await redis.stop();
  }
});

test('a document that lost a change is named until the loss is accepted', async () => {
  const redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  try {
    const live = await start({ USHER_STORE: url });
    const hooks = clientOf(WebhookService, live.manager, live.adminToken);
    const webhook = { url: 'https://hooks.example.com/', events: ['token.leaked'], enabled: true };
    const { webhook: made } = await hooks.createWebhook({ webhook });
    const id = made?.id ?? '';
    expect(await runUsher(['backup', file], envOf(live))).toMatchObject({ code: 0 });
    await hooks.updateWebhook({
      webhook: { id, enabled: false },
      updateMask: { paths: ['enabled'] },
    });
    await redis.send('FLUSHALL');
    await until(async () => (await fetch(`http://${live.http}/readyz`)).status === 503);
    expect(await restore(url)).toMatchObject({ code: 0 });
    await until(async () => (await fetch(`http://${live.http}/readyz`)).status === 200);
    const verified = async () => {
      const { code, out } = await runUsher(['audit', 'verify', '--records', '--json'], envOf(live));
      return { code, ...JSON.parse(out) };
    };
    const problem = expect.stringContaining('cannot be used');
    const lost = { document: `webhooks/${id}`, problem };
    expect(await verified()).toMatchObject({ code: 1, whole: true, wrong: [lost] });
    expect(await runUsher(['store', 'accept', '--yes'], envOf(live))).toMatchObject({ code: 0 });
    expect(await verified()).toMatchObject({ code: 0, documents: 1, wrong: [] });
  } finally {
    for (const server of servers.splice(0)) await server.stop();
    await redis.stop();
  }
});

test('LMDB: the state file knows that it was rolled back, until it is accepted', async () => {
  const data = join(folder, 'data');
  const env = { USHER_STORE: `lmdb:${data}`, USHER_STATE_FILE: join(folder, 'state') };
  const first = await start(env);
  const token = await revokedAfterBackup(first);
  expect(await statusOn(first, token)).toBe(401);
  const { events } = await adminOf(first).listAuditEvents({ pageSize: 1 });
  const end = Number(events[0]?.sequence);
  await until(() => JSON.parse(readFileSync(env.USHER_STATE_FILE, 'utf8')).sequence === end);
  await first.stop();
  servers.pop();
  rmSync(data, { recursive: true });
  expect(await restore(env.USHER_STORE)).toMatchObject({ code: 0 });

  const second = await start(env);
  expect(await statusOn(second, token)).toBe(503);
  const shown = await runUsher(['store', 'status', '--json'], envOf(second));
  const { identity, storeIdentity, problem } = JSON.parse(shown.out);
  expect(identity).toBe(storeIdentity);
  expect(problem).toMatch(/lost more changes/);
});
