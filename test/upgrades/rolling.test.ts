/** Two versions of Usher side by side on one Redis, under load: an upgrade, and a downgrade. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Installed, installServer, packMsMax } from '../server/install-packed.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { installFormer } from './former-version.ts';
import { startRollingLoad } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-rolling-'));
let redis: RedisServer;
let former: Installed;
let current: Installed;
let replicas: [UsherProcess, UsherProcess];

/** The former version does not know the setting, and refuses what it does not know. */
const formerEnv = { USHER_METRICS_LISTEN: undefined };

beforeAll(async () => {
  redis = await startRedis({ config: ['maxmemory-policy noeviction'] });
  [former, current] = await Promise.all([installFormer(folder), installServer(folder)]);
  const env = { USHER_STORE: `redis://127.0.0.1:${redis.port}`, ...formerEnv };
  const start = () => startUsherProcess(env, ':', former.bin);
  replicas = await Promise.all([start(), start()]);
}, 2 * packMsMax);
afterAll(async () => {
  for (const replica of replicas ?? []) await replica.remove();
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

test('one replica after the other, there and back', async () => {
  const load = startRollingLoad(replicas);
  const to = async (replica: UsherProcess, { bin }: Installed, env: object) => {
    await load.rounds(2);
    await load.replace(replica, async () => {
      expect(await replica.stop()).toBe(0);
      await replica.start({ program: bin, env: { ...env } });
    });
    await load.rounds(2);
  };
  const [one, two] = replicas;
  const quiet = { USHER_METRICS_LISTEN: 'off' };
  await to(two, current, quiet);
  await to(one, current, quiet);
  await to(one, former, formerEnv);
  await to(two, former, formerEnv);
  const { wrong, asked, created, revoked } = await load.end();
  console.log(asked, created.length, revoked.length);
  expect(wrong).toEqual([]);
}, 120_000);
