/** A server whose master keys come from a command or a folder, and change while it serves. */

import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runUsher } from '../cli/run-usher.ts';
import { until } from '../until.ts';
import { keysOf, makeTokens, newKey, rotate, verdictOf } from './rotation.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const [k1, k2, k3] = [newKey('k1'), newKey('k2'), newKey('k3')];
let folder = '';
let server: UsherProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-key-sources-'));
});
afterEach(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

const start = async (env: Record<string, string>) => {
  server = await startUsherProcess({
    ...{ USHER_MASTER_KEYS: undefined, USHER_MASTER_KEYS_RELOAD_MS: '100', ...env },
  });
};
const readiness = async () => await (await fetch(`http://${server.manager}/readyz`)).text();

/** All keys that the tests know, and whether a text has one. */
function holdsKey(text: string): boolean {
  return [k1, k2, k3].some(key => text.includes(key.slice(3)));
}

test('a command is run again on SIGHUP, and one that fails changes nothing', {
  timeout: 120_000,
}, async () => {
  const script = join(folder, 'keys.sh');
  const says = (text: string) => writeFileSync(script, text);
  says(`echo ${k1}`);
  await start({ USHER_MASTER_KEYS_COMMAND: `sh ${script}`, USHER_MASTER_KEYS_COMMAND_MS: '2000' });
  const { static: token = '' } = await makeTokens(server, 'old');
  const reload = () =>
    runUsher(['keys', 'reload'], {
      USHER_MANAGER_URL: `http://${server.manager}`,
      USHER_ADMIN_TOKEN: server.adminToken,
    });

  const failures = [
    ['sleep 1000', 'did not end within 2000 ms'],
    [
      `echo '${k2} is not yours' >&2; exit 4`,
      'failed with exit code 4; it said: k2:[hidden] is not yours',
    ],
    ['head -c 500 /dev/urandom', 'prints is not id:base64'],
    [`echo ${k1}; exit 1`, 'failed with exit code 1'],
    ['cat /dev/zero', 'printed more than 65536 bytes'],
    ['true', 'printed nothing'],
  ] as const;
  for (const [text, expected] of failures) {
    says(text);
    const told = server.logged('the keys could not be read again');
    server.child.kill('SIGHUP');
    expect((await told).problem).toContain(expected);
    expect(await keysOf(server)).toMatchObject({ reads: ['k1'], writes: 'k1' });
    expect(await verdictOf(server, token)).toBe('NONE');
  }
  const ready = await readiness();
  expect(ready).toContain('{"what":"keys","detail":"the master keys cannot be read again');
  // Anyone may ask for it.
  expect(ready).not.toContain('printed');
  expect((await reload()).code).toBe(1);

  says(`echo ${k2},${k1}`);
  server.child.kill('SIGHUP');
  await until(async () => (await keysOf(server)).writes === 'k2');
  await until(async () => (await readiness()) === '{"status":"ready","degraded":[]}');
  expect(await verdictOf(server, token)).toBe('NONE');
  says(`echo ${k3},${k2},${k1}`);
  expect(await reload()).toMatchObject({ code: 0 });
  expect((await keysOf(server)).writes).toBe('k3');
  expect(holdsKey(JSON.stringify(server.log))).toBe(false);
  const rotated = await runUsher(['keys', 'rotate'], {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });
  expect(rotated).toMatchObject({ code: 1, out: '' });
  expect(rotated.err).toContain('then run `usher keys reload` on each replica');
});

test('a folder whose link is swapped is read again by itself', { timeout: 90_000 }, async () => {
  const swapTo = (name: string, files: Record<string, string>) => {
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
    symlinkSync(name, join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, '..data'));
  };
  swapTo('..a', { k1: k1.slice(3), current: 'k1' });
  await start({ USHER_MASTER_KEYS_DIR: folder, USHER_WORKERS: '2' });
  const old = await makeTokens(server, 'old');
  swapTo('..b', { k1: k1.slice(3), k2: k2.slice(3), current: 'k2' });
  await until(async () => (await keysOf(server)).writes === 'k2');
  // Half of a change is refused, and the whole of it read afterwards.
  swapTo('..c', { k1: k1.slice(3), k2: k2.slice(3), current: 'k3' });
  await until(async () =>
    (await keysOf(server)).problem.includes('the key that its file current names'),
  );
  swapTo('..d', { k1: k1.slice(3), k2: k2.slice(3), k3: k3.slice(3), current: 'k3' });
  await until(async () => (await keysOf(server)).writes === 'k3');
  for (const [what, header] of Object.entries(old)) {
    expect(await verdictOf(server, header), what).toBe(what === 'revoked' ? 'REVOKED' : 'NONE');
  }
  expect(holdsKey(JSON.stringify(server.log))).toBe(false);
});

test('a kill at any moment of a rotation leaves keys with which the server starts', {
  timeout: 180_000,
}, async () => {
  const path = join(folder, 'keys');
  writeFileSync(path, `${k1}\n`, { mode: 0o600 });
  await start({ USHER_MASTER_KEYS_FILE: path });
  const old = await makeTokens(server, 'old');
  for (const afterMs of [0, 2, 5, 10, 20, 40]) {
    const before = readFileSync(path, 'utf8');
    const asked = rotate(server).catch(() => undefined);
    // Nothing tells where it is by then: that is the test.
    await new Promise(resolve => setTimeout(resolve, afterMs));
    await server.kill();
    await asked;
    const after = readFileSync(path, 'utf8');
    // The old text, or a new key before it.
    expect(after.endsWith(before)).toBe(true);
    await server.start();
    await until(async () => (await keysOf(server)).waitsFor.length === 0);
    const fresh = await makeTokens(server, `after ${afterMs}`);
    for (const [what, header] of [...Object.entries(old), ...Object.entries(fresh)]) {
      expect(await verdictOf(server, header), what).toBe(what === 'revoked' ? 'REVOKED' : 'NONE');
    }
  }
});
