/** Two versions of Usher side by side on one Redis, under load: an upgrade, and a downgrade. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccessToken } from '../../src/gen/usher/v1/access_token_pb.ts';
import { schemaKey } from '../../src/store/redis/keys.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf } from '../server/api.ts';
import { packMsMax } from '../server/install-packed.ts';
import {
  mainProgram,
  type OtherProgram,
  startUsherProcess,
  type UsherProcess,
} from '../server/usher-process.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { installFormer } from './former-version.ts';
import { leaseMs, type Played, startRollingLoad } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-rolling-'));
let redis: RedisServer;
/** The former version does not know the setting, and refuses what it does not know. */
let former: OtherProgram;
const current: OtherProgram = { program: mainProgram, env: { USHER_METRICS_LISTEN: 'off' } };
let replicas: [UsherProcess, UsherProcess];
let played: Played;

beforeAll(async () => {
  redis = await startRedis({ config: ['maxmemory-policy noeviction'] });
  const { bin } = await installFormer(folder);
  former = { program: bin, env: { USHER_METRICS_LISTEN: undefined } };
  const env = {
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    // A busy machine is no outage.
    ...{ USHER_LEASE_MS: String(leaseMs), USHER_STORE_TIMEOUT_MS: '20000' },
  };
  const start = () => startUsherProcess({ ...env, ...former.env }, ':', former.program);
  replicas = await Promise.all([start(), start()]);
}, packMsMax);
afterAll(async () => {
  for (const replica of replicas ?? []) await replica.remove();
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

const usher = (...args: string[]) => {
  const { manager, adminToken } = replicas[1];
  const env = { USHER_MANAGER_URL: `http://${manager}`, USHER_ADMIN_TOKEN: adminToken };
  return runUsher(args, env);
};

test('one replica after the other, there and back: no wrong verdict, nothing unavailable', async () => {
  const load = startRollingLoad(replicas);
  const [one, two] = replicas;
  const steps = [
    [two, current],
    [one, current],
    [one, former],
    [two, former],
  ] as const;
  for (const [replica, version] of steps) {
    await load.rounds(2);
    await load.replace(replica, async () => {
      expect(await replica.stop()).toBe(0);
      await replica.start(version);
    });
  }
  await load.rounds(2);
  played = await load.end();
  expect(played.wrong).toEqual([]);
  expect(played.asked).toBeGreaterThan(100);
}, 300_000);

test('all that was acknowledged is there, once, and in a log without a gap', async () => {
  await replicas[1].stop();
  await replicas[1].start(current);
  const accessTokens: AccessToken[] = [];
  let pageToken = '';
  do {
    const page = await adminOf(replicas[1]).list({ pageSize: 200, pageToken });
    accessTokens.push(...page.accessTokens);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(accessTokens.map(({ id }) => id).sort()).toEqual(played.created.toSorted());
  const revoked = accessTokens.filter(({ revokeTime }) => revokeTime !== undefined);
  expect(revoked.map(({ id }) => id).sort()).toEqual(played.revoked.toSorted());
  const { code, out } = await usher('audit', 'verify', '--records', '--json');
  expect([code, JSON.parse(out)]).toMatchObject([0, { whole: true, wrong: [] }]);
});

test('`usher store status` shows the version of each replica', async () => {
  const { out } = await usher('store', 'status', '--json');
  const said = JSON.parse(out).replicas.map(({ version }: { version: string }) => version);
  // A replica that was replaced is shown for some leases.
  expect([...new Set(said)].toSorted()).toEqual(['', expect.stringMatching(/^\d+\.\d+\.\d+/)]);
});

test('a downgrade with a setting that the former version does not know names it', async () => {
  const other = startUsherProcess({ USHER_METRICS_LISTEN: 'off' }, ':', former.program);
  await expect(other).rejects.toThrow(/ended with 78 .*USHER_METRICS_LISTEN is not a setting/s);
});

test('with a schema that this version does not know it gives no verdicts, and does not start', async () => {
  await redis.send('SET', schemaKey, '99');
  const ready = `http://${replicas[1].http}/readyz`;
  const newer = /written by a newer Usher \(its schema is 99/;
  await until(async () => newer.test(await (await fetch(ready)).text()));
  const other = startUsherProcess({ USHER_STORE: `redis://127.0.0.1:${redis.port}` });
  await expect(other).rejects.toThrow(/ended with 78 .*written by a newer Usher/s);
  await redis.send('SET', schemaKey, '2');
  await until(async () => (await fetch(ready)).ok);
});
