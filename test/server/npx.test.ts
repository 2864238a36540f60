/** The server and the command line as npm packs and installs them: `npx usher serve`. */

import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'usher-npx-'));
const installed = join(folder, 'node_modules/usher');
const bin = join(installed, 'bin/usher.js');
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** tsc and npm take some ten seconds, and much longer on a busy machine. */
const packMsMax = 180_000;
let usher: UsherProcess | undefined;

beforeAll(async () => {
  // Packed from a copy, since other tests pack this checkout at the same time.
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  for (const name of ['package.json', 'LICENSE', 'README.md', 'bin', 'proto']) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  await run(process.execPath, ['scripts/build-server.js', join(copy, 'lib')], { cwd: root });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: copy });
  mkdirSync(installed, { recursive: true });
  const [archive = ''] = readdirSync(folder).filter(name => name.endsWith('.tgz'));
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components', '1'], { cwd: folder });
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  usher = await startUsherProcess({ USHER_WORKERS: '2' }, ':', bin);
}, packMsMax);
afterAll(async () => {
  await usher?.remove();
  rmSync(folder, { recursive: true });
});

const running = () => usher as UsherProcess;
const command = async (...args: string[]) => {
  const { manager, adminToken } = running();
  const env = { USHER_MANAGER_URL: `http://${manager}`, USHER_ADMIN_TOKEN: adminToken };
  return await run(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH, ...env } });
};

test('it holds no TypeScript', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
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
