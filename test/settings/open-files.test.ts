/** Files with secrets that others may read are warned of, each once, with the command that helps. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/settings/config.ts';
import { openSecrets } from '../../src/settings/first-start.ts';
import { openFileWarnings } from '../../src/settings/open-files.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'usher-open-'));
  chmodSync(root, 0o755);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

const fill = (name: string, text: string, mode: number) => {
  const path = join(root, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const key = Buffer.alloc(32).toString('base64');

test.each([
  ...[
    'USHER_STORE_FILE',
    'USHER_MASTER_KEYS_FILE',
    'USHER_ADMIN_TOKEN_FILE',
    'USHER_LEAK_SECRET_FILE',
  ],
  ...['USHER_OIDC_CLIENT_SECRET_FILE', 'USHER_TLS_KEY_FILE', 'USHER_MANAGER_TLS_KEY_FILE'],
  ...['USHER_STORE_KEY_FILE', 'USHER_MANAGER_KEY_FILE', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'],
])('%s', name => {
  const path = fill('secret', 'x', 0o600);
  const warnings = () => openFileWarnings({}, { [name]: path });
  expect(warnings()).toEqual([]);
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    chmodSync(path, mode);
    expect(warnings()).toEqual([`other users may read ${path} (${name}); run: chmod 600 ${path}`]);
  }
});

test('a start warns of the files of its settings, and of nothing else', async () => {
  const env = {
    USHER_STORE: 'redis://127.0.0.1:1',
    USHER_ADMIN_TOKEN_FILE: fill('admin', 'a'.repeat(40), 0o644),
    USHER_MASTER_KEYS_FILE: fill('keys', `k1:${key}`, 0o600),
  };
  const { warnings } = await openSecrets(readConfig(env), env);
  expect(warnings).toEqual([
    expect.stringMatching(/^other users may read .*\(USHER_ADMIN_TOKEN_FILE\)/),
  ]);
});

test('a folder of master keys', async () => {
  const folder = join(root, 'keys');
  mkdirSync(folder, { mode: 0o700 });
  fill('keys/k1', key, 0o640);
  chmodSync(folder, 0o770);
  const env = {
    USHER_STORE: `lmdb:${join(root, 'data')}`,
    USHER_MASTER_KEYS_DIR: folder,
  };
  const { warnings } = await openSecrets(readConfig(env), env);
  expect(warnings).toEqual([
    `other users may read ${folder}/k1 (USHER_MASTER_KEYS_DIR); run: chmod 600 ${folder}/k1`,
    `other users may write to the folder ${folder} (USHER_MASTER_KEYS_DIR); run: chmod go-w ${folder}`,
  ]);
});

test('what only its owner can reach is not open, whatever its own rights', () => {
  mkdirSync(join(root, 'keys/inner'), { recursive: true });
  const env = { USHER_STORE_FILE: fill('keys/inner/secret', 'x', 0o644) };
  const linked = { USHER_STORE_FILE: join(root, 'link') };
  symlinkSync('keys/inner/secret', linked.USHER_STORE_FILE);
  const count = () => [openFileWarnings({}, env), openFileWarnings({}, linked)].flat().length;
  expect(count()).toBe(2);
  chmodSync(join(root, 'keys'), 0o700);
  expect(count()).toBe(0);
  chmodSync(join(root, 'keys'), 0o710);
  expect(count()).toBe(2);
});

test('what Kubernetes mounts has the rights that it gives', () => {
  mkdirSync(join(root, '..2026'), { mode: 0o777 });
  fill('..2026/k1', key, 0o644);
  symlinkSync('..2026', join(root, '..data'));
  symlinkSync('..data/k1', join(root, 'k1'));
  chmodSync(root, 0o777);
  const env = { USHER_ADMIN_TOKEN_FILE: join(root, 'k1') };
  expect(openFileWarnings({ masterKeysFolder: root }, env)).toEqual([]);
});

test('a file that cannot be looked at is no reason not to start', () => {
  const path = join(root, 'loop');
  symlinkSync('loop', path);
  expect(openFileWarnings({}, { USHER_MANAGER_KEY_FILE: path })).toEqual([]);
  expect(openFileWarnings({}, { USHER_MANAGER_KEY_FILE: join(root, 'none') })).toEqual([]);
});

test('a file of another user, which its group may read', () => {
  const path = fill('secret', 'x', 0o440);
  const warnings = () => openFileWarnings({}, { USHER_STORE_FILE: path });
  vi.spyOn(process, 'getuid').mockReturnValue(54321);
  expect(warnings()).toEqual([]);
  chmodSync(path, 0o444);
  expect(warnings().join()).toMatch(/run: chown 54321 .*secret && chmod 600 .*secret$/);
});
