/** Rotates the master key of an embedded store with two workers: `usher keys rotate` alone does it. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runUsher } from '../../cli/run-usher.ts';
import { until } from '../../until.ts';
import { adminOf } from '../api.ts';
import { keysOf, makeTokens, startLoad, verdictOf } from '../rotation.ts';
import { startUsherProcess, type UsherProcess, workerPids } from '../usher-process.ts';

let folder = '';
let server: UsherProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'usher-own-keys-'));
  server = await startUsherProcess({
    USHER_STORE: `lmdb:${folder}`,
    USHER_MASTER_KEYS: undefined,
    USHER_MASTER_KEYS_RELOAD_MS: '100',
    USHER_WORKERS: '2',
  });
});
afterEach(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

const usher = (...args: string[]) =>
  runUsher(args, {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });
const file = () => join(folder, 'master-keys');
const idsInFile = () =>
  readFileSync(file(), 'utf8')
    .split(',')
    .map(entry => entry.split(':')[0]);

async function actions(): Promise<string[]> {
  const { out } = await usher('audit', 'list', '--json', '--limit', '500');
  return out
    .trim()
    .split('\n')
    .flatMap(line => JSON.parse(line))
    .flatMap(found => found.events ?? [found])
    .map(({ action }) => action);
}

test('no verdict is unavailable or wrong, and the old key goes once nothing needs it', {
  timeout: 180_000,
}, async () => {
  const admin = adminOf(server);
  const old = await makeTokens(server, 'old');
  const { nextPageToken } = await admin.list({ pageSize: 1 });
  const load = await startLoad([server]);
  const rotated = await usher('keys', 'rotate', '--json');
  const { wrong, asked } = await load.end();
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(20);
  expect(rotated.code).toBe(0);
  expect(JSON.parse(rotated.out)).toMatchObject({ id: 'k2', writes: true });
  expect(idsInFile()).toEqual(['k2', 'k1']);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(await actions()).toEqual(expect.arrayContaining(['keys.rotate', 'keys.write']));
  const metrics = await (await fetch(`http://${server.manager}/metrics`)).text();
  expect(metrics).toContain('usher_master_keys{state="writes"} 1');
  expect(metrics).toContain('usher_master_keys{state="reads"} 1');
  // What was sealed with the old key is read on.
  expect((await admin.list({ pageSize: 1, pageToken: nextPageToken })).accessTokens).toHaveLength(
    1,
  );

  await server.kill();
  await server.start();
  expect(await keysOf(server)).toMatchObject({ reads: ['k2', 'k1'], writes: 'k2', waitsFor: [] });
  const fresh = await makeTokens(server, 'fresh');
  for (const [what, header] of [...Object.entries(old), ...Object.entries(fresh)]) {
    expect(await verdictOf(server, header), what).toBe(what === 'revoked' ? 'REVOKED' : 'NONE');
  }

  const status = await usher('keys', 'status');
  expect(status.code).toBe(0);
  expect(status.out).toMatch(/^MASTER KEY\s+DOES\s+GIVEN\nk2\s+writes\s+yes\nk1\s+reads\s+yes$/m);
  expect(status.out).toMatch(
    /^NEEDED BY\s+RECORDS\s+ENTRIES\s+DOCUMENTS\s+STATIC\s+JWT\s+REVOCATIONS\s+OVER$/m,
  );
  expect(status.err).toContain('static tokens need their key until they are rotated');
  // Only static tokens need the old key now; once they are revoked, it goes.
  expect((await usher('token', 'reseal')).code).toBe(0);
  const needed = await usher('keys', 'remove', 'k1');
  expect(needed.code).toBe(1);
  expect(needed.err).toMatch(/\d+ static tokens need it: rotate or revoke them/);
  expect(idsInFile()).toEqual(['k2', 'k1']);
  const both = readFileSync(file(), 'utf8');
  const k2 = both.split(',')[0] as string;
  writeFileSync(file(), k2);
  await until(async () => (await keysOf(server)).problem.includes('master key k1 is not given'));
  const degraded = await (await fetch(`http://${server.manager}/metrics`)).text();
  expect(degraded).toContain('usher_degraded{what="keys"} 1');
  let pageToken = '';
  do {
    const page = await admin.list({ pageSize: 200, pageToken });
    for (const { id, name, revokeTime } of page.accessTokens) {
      if (name !== 'fresh' && revokeTime === undefined) await admin.revoke({ id, reason: 'old' });
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  writeFileSync(file(), both);
  expect((await usher('keys', 'remove', 'k2')).err).toContain('it is the key that writes');
  expect(await usher('keys', 'remove', 'k1')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^k1 was removed from the file /),
  });
  expect(idsInFile()).toEqual(['k2']);
  expect(await keysOf(server)).toMatchObject({ reads: ['k2'], problem: '' });
  expect(await actions()).toContain('keys.remove');
  expect(await verdictOf(server, `sk_live_${'0'.repeat(32)}`)).toBe('INVALID_TOKEN');
  for (const [what, header] of Object.entries(fresh)) {
    expect(await verdictOf(server, header), what).toBe(what === 'revoked' ? 'REVOKED' : 'NONE');
  }
  await server.stop();
  await server.start();
  expect(await keysOf(server)).toMatchObject({ reads: ['k2'], writes: 'k2', problem: '' });
  // All are revoked. Only the JWT can still be proven, by the secret that was resealed.
  for (const [what, header] of Object.entries(old)) {
    expect(await verdictOf(server, header), what).toBe(
      what === 'jwt' ? 'REVOKED' : 'INVALID_TOKEN',
    );
  }
});

test('a worker that does not answer is waited for, by its name', { timeout: 90_000 }, async () => {
  const [pid] = await workerPids(server);
  process.kill(pid as number, 'SIGSTOP');
  const rotated = await usher('keys', 'rotate', '--wait', '2s');
  expect(rotated).toMatchObject({ code: 1, out: '' });
  expect(rotated.err).toContain(`waits for worker ${pid}`);
  expect(await keysOf(server)).toMatchObject({ reads: ['k2', 'k1'], writes: 'k1' });
  const again = await usher('keys', 'rotate');
  expect(again.code).toBe(1);
  expect(again.err).toContain(`k2 does not write yet: it waits for worker ${pid}`);
  process.kill(pid as number, 'SIGCONT');
  await until(async () => (await keysOf(server)).writes === 'k2');
});

test('a file that is damaged changes nothing, and the status says so', {
  timeout: 90_000,
}, async () => {
  const token = (await makeTokens(server, 'one')).static ?? '';
  const before = readFileSync(file(), 'utf8');
  writeFileSync(file(), before.slice(0, 20));
  await until(async () =>
    (await keysOf(server)).problem.includes('the keys read before stay in use'),
  );
  const { code, err } = await usher('keys', 'reload');
  expect(code).toBe(1);
  expect(err).toContain('not the base64 of exactly 32 bytes');
  expect(err).not.toContain(before.slice(4, 20));
  expect(await verdictOf(server, token)).toBe('NONE');
  // Another key under the id in use would make all records unreadable.
  writeFileSync(file(), `k1:${Buffer.alloc(32, 7).toString('base64')}`);
  await until(async () => (await keysOf(server)).problem.includes('another key under the id k1'));
  expect(await verdictOf(server, token)).toBe('NONE');
  writeFileSync(file(), before);
  await until(async () => (await keysOf(server)).problem === '');
});
