/** One server owns a data folder: a second one does not start, and the first is not disturbed. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { secrets } from './run-server.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let folder: string;
let first: UsherProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-owner-'));
});
afterEach(async () => {
  await first?.remove();
  first = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a server that must not start; returns its exit code and its stderr. */
async function refused(store: string, signal: AbortSignal): Promise<[number, string]> {
  const child = spawn(process.execPath, [main, 'serve'], {
    // A test that times out must not leave the server running.
    signal,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: store,
      USHER_GRPC_LISTEN: '127.0.0.1:0',
      USHER_HTTP_LISTEN: '127.0.0.1:0',
      USHER_MANAGER_LISTEN: '127.0.0.1:0',
      USHER_METRICS_LISTEN: 'off',
      ...secrets,
    },
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return [code, said];
}

const inUse = /^usher: cannot start: the data folder .* is in use by another Usher; stop that one/;

test('a second server on the folder does not start, and the first still answers', async ({
  signal,
}) => {
  first = await startUsherProcess({ USHER_STORE: `lmdb:${folder}` });
  const [code, said] = await refused(`lmdb:${folder}`, signal);
  expect([code, said.trim().split('\n').length]).toEqual([69, 1]);
  expect(said).toMatch(inUse);
  expect((await fetch(`http://${first.http}/readyz`)).status).toBe(200);
});

test('workers share the lock of their first process; a killed owner leaves no lock', async ({
  signal,
}) => {
  first = await startUsherProcess({ USHER_STORE: `lmdb:${folder}`, USHER_WORKERS: '2' });
  expect((await refused(`lmdb:${folder}`, signal))[1]).toMatch(inUse);
  await first.kill();
  await first.start();
  expect((await fetch(`http://${first.http}/readyz`)).status).toBe(200);
});

test.for(['data.mdb', 'owner.lock'])(
  'a %s that is something else is refused',
  async (name, { signal }) => {
    writeFileSync(join(folder, name), 'not a database '.repeat(1000));
    const [code, said] = await refused(`lmdb:${folder}`, signal);
    expect([code, said.trim().split('\n').length]).toEqual([69, 1]);
    expect(said).toContain(name);
  },
);
