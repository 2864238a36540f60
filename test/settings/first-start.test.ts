/**
 * The secrets of the embedded store: generated once, private, and never replaced for a used store.
 */

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig, SettingsError } from '../../src/settings/config.ts';
import { openSecrets, readAdminToken } from '../../src/settings/first-start.ts';
import { createPrivateFile } from '../../src/settings/private-file.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'usher-first-'));
  folder = join(root, 'deep', 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

const open = (more = {}) => openSecrets(readConfig({ USHER_STORE: `lmdb:${folder}`, ...more }));

async function mistakesOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('the first start', () => {
  test('generates both secrets, readable only by the owner', async () => {
    const secrets = await open();
    expect(secrets.firstStart).toBe(true);
    expect(secrets.warnings).toEqual([]);
    expect(secrets.masterKeys).toHaveLength(1);
    expect(secrets.masterKeys[0]?.bytes).toHaveLength(32);
    expect(secrets.adminToken).toMatch(/^usher-admin-[A-Za-z0-9_-]{43}$/);
    expect(readdirSync(folder).sort()).toEqual(['admin-token', 'master-keys']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
  });

  test('of two servers gives them different secrets', async () => {
    const one = await open();
    folder = join(root, 'other');
    const two = await open();
    expect(two.adminToken).not.toBe(one.adminToken);
    expect(two.masterKeys[0]?.bytes).not.toEqual(one.masterKeys[0]?.bytes);
  });

  test('uses given secrets and generates only the missing ones', async () => {
    const secrets = await open({ USHER_ADMIN_TOKEN: 'g'.repeat(40) });
    expect(secrets.adminToken).toBe('g'.repeat(40));
    expect(readdirSync(folder)).toEqual(['master-keys']);
  });
});

describe('a later start', () => {
  test('reads the secrets', async () => {
    const first = await open();
    writeFileSync(join(folder, 'data.mdb'), 'x');
    const later = await open();
    const keySource = expect.objectContaining({ kind: 'file' });
    expect(later).toEqual({ ...first, keySource, firstStart: false });
  });

  test('generates a new admin token if its file was removed', async () => {
    const first = await open();
    writeFileSync(join(folder, 'data.mdb'), 'x');
    rmSync(join(folder, 'admin-token'));
    const later = await open();
    expect(later.adminToken).not.toBe(first.adminToken);
    expect(later.masterKeys).toEqual(first.masterKeys);
  });

  test('refuses a store without its master keys instead of generating new ones', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'data.mdb'), 'x');
    expect((await mistakesOf(open))[0]).toMatch(
      /master-keys is missing in a data folder with a store/,
    );
    expect(existsSync(join(folder, 'master-keys'))).toBe(false);
  });

  test('warns of files that others may read, and starts', async () => {
    await open();
    chmodSync(join(folder, 'admin-token'), 0o644);
    chmodSync(folder, 0o777);
    const { warnings } = await open();
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/chmod go-w .*chmod 600 .*admin-token/);
  });

  test('names every damaged file, without its content', async () => {
    await open();
    truncateSync(join(folder, 'master-keys'), 20);
    const rest = readFileSync(join(folder, 'master-keys'), 'utf8');
    truncateSync(join(folder, 'admin-token'), 0);
    const mistakes = await mistakesOf(open);
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toMatch(/master-keys has a key .*damaged/);
    expect(mistakes[0]).not.toContain(rest.slice(3));
    expect(mistakes[1]).toMatch(/admin-token is not 32 to 512.*damaged/);
  });

  test('refuses files of another user', async () => {
    await open();
    vi.spyOn(process, 'getuid').mockReturnValue(54321);
    const mistakes = await mistakesOf(open);
    vi.restoreAllMocks();
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toMatch(/master-keys belongs to another user/);
  });

  test('root reads the admin token of a service, and does not serve from its folder', async () => {
    const { adminToken } = await open();
    if (process.getuid?.() === 0) chownSync(join(folder, 'admin-token'), 54321, 54321);
    vi.spyOn(process, 'getuid').mockReturnValue(0);
    const read = readAdminToken(folder);
    const mistakes = await mistakesOf(open);
    vi.restoreAllMocks();
    expect(read).toBe(adminToken);
    expect(mistakes.join()).toMatch(/admin-token belongs to another user/);
  });

  test('names a data folder that is not a folder', async () => {
    writeFileSync(join(root, 'deep'), 'x');
    expect((await mistakesOf(open))[0]).toMatch(/cannot be used \((ENOTDIR|EEXIST)\)/);
  });
});

describe('the admin token for the command line', () => {
  test('is read from the data folder', async () => {
    expect(readAdminToken(folder)).toBeUndefined();
    const { adminToken } = await open();
    expect(readAdminToken(folder)).toBe(adminToken);
  });
});

describe('a private file', () => {
  test('is never overwritten: the second writer gets what the first one wrote', () => {
    const path = join(root, 'file');
    expect(createPrivateFile(path, 'first')).toBe('first');
    expect(createPrivateFile(path, 'second')).toBe('first');
    expect(readdirSync(root)).toEqual(['file']);
  });
});
