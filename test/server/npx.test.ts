/** The server and the command line as npm packs and installs them: `npx usher serve`. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Installed, installServer, packMsMax } from './install-packed.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'usher-npx-'));
let installed: Installed;
let usher: UsherProcess | undefined;

beforeAll(async () => {
  installed = await installServer(folder);
  usher = await startUsherProcess({ USHER_WORKERS: '2' }, ':', installed.bin);
}, packMsMax);
afterAll(async () => {
  await usher?.remove();
  rmSync(folder, { recursive: true });
});

const running = () => usher as UsherProcess;
const command = async (...args: string[]) => {
  const { manager, adminToken } = running();
  const env = { USHER_MANAGER_URL: `http://${manager}`, USHER_ADMIN_TOKEN: adminToken };
  return await run(process.execPath, [installed.bin, ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
};

test('it holds no TypeScript', () => {
  const files = readdirSync(installed.folder, { recursive: true, encoding: 'utf8' });
  expect(files).toContain('lib/main.js');
  expect(files.filter(name => /\.tsx?$/.test(name))).toEqual([]);
});

test('it serves with workers, and its command line reaches it', async () => {
  const made = JSON.parse(
    (await command('--json', 'token', 'create', '--kind', 'static', '--name', 'a')).stdout,
  );
  const headers = { authorization: made.token };
  expect((await fetch(`http://${running().http}/`, { headers })).status).toBe(200);
  expect((await fetch(`http://${running().http}/openapi.yaml`)).status).toBe(200);
});

test('it starts again after a crash, for which it reads its store in another process', async () => {
  await running().kill();
  await running().start();
  expect(await running().stop()).toBe(0);
});
