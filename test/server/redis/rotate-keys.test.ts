/** Rotates the master key of three replicas that share a Redis, under load. */

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { runUsher } from '../../cli/run-usher.ts';
import { type RedisServer, startRedis } from '../../store/redis/server.ts';
import { until } from '../../until.ts';
import { keysOf, makeTokens, newKey, startLoad, verdictOf } from '../rotation.ts';
import { startUsherProcess, type UsherProcess } from '../usher-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-rotation-'));
const pathOf = (n: number) => join(folder, `keys-${n}`);
let redis: RedisServer;
let servers: UsherProcess[] = [];

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all(servers.map(server => server.remove()));
  servers = [];
  await redis.stop();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Replaces a file as operators do. */
function give(n: number, keys: string): void {
  writeFileSync(`${pathOf(n)}.new`, keys);
  renameSync(`${pathOf(n)}.new`, pathOf(n));
}

async function startReplicas(count: number, keys: string): Promise<void> {
  for (let n = 0; n < count; n++) give(n, keys);
  const all = Array.from({ length: count }, (_, n) => startReplica(n));
  servers = await Promise.all(all);
}

function startReplica(n: number): Promise<UsherProcess> {
  return startUsherProcess({
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    USHER_MASTER_KEYS: undefined,
    USHER_MASTER_KEYS_FILE: pathOf(n),
    USHER_MASTER_KEYS_RELOAD_MS: '100',
    USHER_LEASE_MS: '500',
    USHER_CACHE_TTL_MS_MAX: '500',
    // Three servers and their load share the machine with other tests.
    USHER_STORE_TIMEOUT_MS: '10000',
  });
}

const stateOf = (n: number) => keysOf(servers[n] as UsherProcess);
const allWrite = (id: string) =>
  until(async () => {
    const states = await Promise.all(servers.map((_, n) => stateOf(n)));
    return states.every(({ writes }) => writes === id);
  }, 60_000);

test('no verdict is unavailable or wrong, and the first key can go', {
  timeout: 180_000,
}, async () => {
  const [k1, k2] = [newKey('k1'), newKey('k2')];
  await startReplicas(3, k1);
  const load = await startLoad(servers);
  // Two get the key; the third lags, so that nothing writes with it.
  for (const n of [0, 1]) give(n, `${k2},${k1}`);
  await until(async () => {
    const states = await Promise.all([0, 1].map(stateOf));
    return states.every(({ waitsFor }) => waitsFor.join().includes('it reads k1'));
  }, 60_000);
  expect((await stateOf(0)).writes).toBe('k1');
  const pid = servers[2]?.child.pid;
  expect((await stateOf(0)).waitsFor.join()).toContain(`:${pid} `);
  give(2, `${k2},${k1}`);
  await allWrite('k2');
  const { wrong, asked } = await load.end();
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(50);

  const first = servers[0] as UsherProcess;
  const env = { USHER_MANAGER_URL: `http://${first.manager}`, USHER_ADMIN_TOKEN: first.adminToken };
  const old = await makeTokens(first, 'after');
  expect((await runUsher(['token', 'reseal'], env)).code).toBe(0);
  const counted = JSON.parse((await runUsher(['keys', 'status', '--json'], env)).out);
  const useOf = (id: string) =>
    counted.uses.find((use: { masterKeyId: string }) => use.masterKeyId === id);
  expect(useOf('k1')).toMatchObject({ records: 0, entries: 0, jwtSecrets: 0, revocationKeys: 0 });
  expect(useOf('k1').staticTokens).toBeGreaterThan(0);

  // Static tokens need the key: it stays in use although it is no longer given.
  for (const n of [0, 1, 2]) give(n, k2);
  await until(async () => (await stateOf(0)).problem.includes('master key k1 is not given'));
  expect((await stateOf(0)).reads).toEqual(['k2', 'k1']);
  for (const header of Object.values(old)) {
    expect(await verdictOf(first, header)).toMatch(/NONE|REVOKED/);
  }
});

test('a replica with another key of the same id is named, and the rotation waits', {
  timeout: 120_000,
}, async () => {
  const k1 = newKey('k1');
  await startReplicas(2, k1);
  give(0, `${newKey('k2')},${k1}`);
  give(1, `${newKey('k2')},${k1}`);
  await until(
    async () => (await stateOf(0)).waitsFor.join().includes('another key under the id k2'),
    60_000,
  );
  expect((await stateOf(1)).writes).toBe('k1');
});

test('a replica that is killed at any moment goes on, and a rolling restart needs no reload', {
  timeout: 180_000,
}, async () => {
  const [k1, k2] = [newKey('k1'), newKey('k2')];
  await startReplicas(2, k1);
  const old = await makeTokens(servers[0] as UsherProcess, 'old');
  const [one, two] = servers as [UsherProcess, UsherProcess];
  give(0, `${k2},${k1}`);
  await one.kill();
  await one.start();
  // The other one does not read the new key yet.
  await until(async () => (await stateOf(0)).waitsFor.join().includes('it reads k1'), 60_000);
  expect((await stateOf(0)).writes).toBe('k1');
  give(1, `${k2},${k1}`);
  await two.kill();
  await two.start();
  await allWrite('k2');
  await one.kill();
  await one.start();
  expect((await stateOf(0)).writes).toBe('k2');
  const fresh = await makeTokens(one, 'fresh');
  for (const [what, header] of [...Object.entries(old), ...Object.entries(fresh)]) {
    const reason = what === 'revoked' ? 'REVOKED' : 'NONE';
    expect(await verdictOf(two, header), what).toBe(reason);
  }
});
