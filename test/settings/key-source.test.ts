/** Where the master keys come from: files, folders and commands, as they are and as they change. */

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig, SettingsError } from '../../src/settings/config.ts';
import { openSecrets } from '../../src/settings/first-start.ts';
import { keySourceOf } from '../../src/settings/key-source.ts';

const admin = { USHER_STORE: 'redis://127.0.0.1:1', USHER_ADMIN_TOKEN: 'a'.repeat(40) };
const bytes = { k1: randomBytes(32), k2: randomBytes(32), k3: randomBytes(32) };
const base64 = (id: keyof typeof bytes) => bytes[id].toString('base64');
const entry = (id: keyof typeof bytes) => `${id}:${base64(id)}`;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'usher-source-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** The ids that a server starts with, in order, or what is wrong with its settings. */
async function start(env: Record<string, string>): Promise<string[]> {
  try {
    const { masterKeys } = await openSecrets(readConfig({ ...admin, ...env }), process.env);
    return masterKeys.map(({ id }) => id);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes.map(text => `wrong: ${text}`);
    throw error;
  }
}

function sourceOf(env: Record<string, string>) {
  const source = keySourceOf(readConfig({ ...admin, ...env }), process.env);
  if (source === undefined) throw new Error('there is no source');
  return source;
}

function fill(folder: string, files: Record<string, string>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const secretsOf = (text: string) =>
  Object.keys(bytes).some(id => text.includes(base64(id as 'k1')));

describe('the settings', () => {
  test('name one source', async () => {
    const file = join(root, 'keys');
    writeFileSync(file, entry('k1'));
    const all = {
      USHER_MASTER_KEYS: entry('k1'),
      USHER_MASTER_KEYS_FILE: file,
      USHER_MASTER_KEYS_DIR: root,
      USHER_MASTER_KEYS_COMMAND: 'cat keys',
    };
    const names = Object.keys(all) as (keyof typeof all)[];
    for (const [n, one] of names.entries()) {
      for (const other of names.slice(n + 1)) {
        const told = await start({ [one]: all[one], [other]: all[other] });
        expect(told, `${one} ${other}`).toHaveLength(1);
        expect(told[0]).toMatch(new RegExp(`^wrong: ${one} and ${other} are .*unset`));
      }
    }
    expect((await start({ ...all, USHER_MASTER_KEYS: '' }))[0]).toMatch(/^wrong: .*both set/);
  });

  test('may name none only with the embedded store', async () => {
    expect((await start({}))[0]).toMatch(/^wrong: USHER_MASTER_KEYS is required with Redis/);
    const own = { USHER_STORE: `lmdb:${join(root, 'data')}` };
    expect(await start(own)).toEqual(['k1']);
    // A given source wins over the file of the data folder.
    const given = fill(join(root, 'keys'), { k3: base64('k3') });
    expect(await start({ ...own, USHER_MASTER_KEYS_DIR: given })).toEqual(['k3']);
  });
});

describe('a command', () => {
  test('prints the keys', async () => {
    const command = `echo ${entry('k2')},${entry('k1')} | cat`;
    expect(await start({ USHER_MASTER_KEYS_COMMAND: command })).toEqual(['k2', 'k1']);
  });

  test.each([
    ['exit 2', 'USHER_MASTER_KEYS_COMMAND failed with exit code 2'],
    [':', 'USHER_MASTER_KEYS_COMMAND printed nothing'],
    ['echo garbage', 'what USHER_MASTER_KEYS_COMMAND prints is not id:base64,…'],
    ['head -c 3000 /dev/urandom', 'what USHER_MASTER_KEYS_COMMAND prints is not id:base64,…'],
    ['cat /dev/zero', 'USHER_MASTER_KEYS_COMMAND printed more than 65536 bytes'],
    ['sleep 100', 'USHER_MASTER_KEYS_COMMAND did not end within 300 ms'],
  ])('%s', async (command, expected) => {
    const more = command.startsWith('sleep') ? { USHER_MASTER_KEYS_COMMAND_MS: '300' } : {};
    const [told = ''] = await start({ USHER_MASTER_KEYS_COMMAND: command, ...more });
    expect(told.slice(7, 7 + expected.length)).toBe(expected);
  });

  test('that is empty is a mistake', async () => {
    expect(await start({ USHER_MASTER_KEYS_COMMAND: ' ' })).toEqual([
      'wrong: USHER_MASTER_KEYS_COMMAND is empty; write a command that prints the keys, or unset it',
    ]);
  });
});

describe('a file', () => {
  test('is read again, and a new key is put first in it', async () => {
    const path = join(root, 'keys');
    writeFileSync(path, `${entry('k1')}\n`, { mode: 0o640 });
    const source = sourceOf({ USHER_MASTER_KEYS_FILE: path });
    const before = await source.read();
    await source.add?.({ id: 'k2', bytes: bytes.k2 }, before);
    expect((await source.read()).map(({ id }) => id)).toEqual(['k2', 'k1']);
    expect(readFileSync(path, 'utf8')).toBe(`${entry('k2')},${entry('k1')}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await source.remove?.('k1', [{ id: 'k2', bytes: bytes.k2 }]);
    expect(readFileSync(path, 'utf8')).toBe(`${entry('k2')}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(root)).toEqual(['keys']);
  });

  test('that is damaged, too long, no file or gone is named without its content', async () => {
    const path = join(root, 'keys');
    writeFileSync(path, entry('k1'));
    const source = sourceOf({ USHER_MASTER_KEYS_FILE: path, USHER_MASTER_KEYS_BYTES_MAX: '100' });
    const complaint = async () => {
      const text = await source.read().then(String, (error: Error) => error.message);
      expect(secretsOf(text)).toBe(false);
      return text;
    };
    writeFileSync(path, entry('k1').slice(0, -9));
    expect(await complaint()).toMatch(/^the file .*keys has a key that is not the base64/);
    writeFileSync(path, `${entry('k1')},${entry('k2')},${entry('k3')}`);
    expect(await complaint()).toMatch(/keys has more than 100 bytes$/);
    rmSync(path);
    expect(await complaint()).toMatch(/keys cannot be read \(ENOENT\)$/);
    mkdirSync(path);
    expect(await complaint()).toMatch(/keys (is not a file|cannot be read \(EISDIR\))$/);
  });

  test('that is a link is not written', async () => {
    writeFileSync(join(root, 'real'), entry('k1'));
    symlinkSync('real', join(root, 'keys'));
    const source = sourceOf({ USHER_MASTER_KEYS_FILE: join(root, 'keys') });
    const adding = source.add?.({ id: 'k2', bytes: bytes.k2 }, await source.read());
    await expect(adding).rejects.toThrow(
      /is not a file of this user, so that Usher does not write it/,
    );
    expect(readFileSync(join(root, 'real'), 'utf8')).toBe(entry('k1'));
  });
});

describe('a folder', () => {
  const read = async (folder: string) => await start({ USHER_MASTER_KEYS_DIR: folder });

  test('has one file a key, and a file that names the one that writes', async () => {
    const one = fill(join(root, 'one'), { k1: `${base64('k1')}\n` });
    expect(await read(one)).toEqual(['k1']);
    const files = { k1: base64('k1'), k2: base64('k2'), k3: base64('k3'), current: 'k2\n' };
    expect(await read(fill(join(root, 'three'), files))).toEqual(['k2', 'k1', 'k3']);
  });

  test.each([
    [{}, /has no key/],
    [{ current: 'k1' }, /has no key/],
    [{ k1: base64('k1'), k2: base64('k2') }, /has 2 keys and no file current/],
    [{ k1: base64('k1'), current: 'k2' }, /has no file for the key that its file current names/],
    [{ k1: base64('k1'), current: '' }, /has no file for the key that its file current names/],
    [{ k1: 'short' }, /has a file k1 that is not a key/],
    [{ k1: base64('k1'), 'note.txt': 'x', current: 'k1' }, /has a file note.txt that is not a key/],
    [{ k1: base64('k1'), k2: base64('k1'), current: 'k1' }, /has the same key under two ids/],
    [{ k1: entry('k1') }, /has a file k1 that is not a key/],
    [{ k1: `${base64('k1')},${entry('k2')}` }, /has a file k1 that is not a key/],
  ])('case %#', async (files, expected) => {
    const [told = ''] = await read(fill(join(root, 'keys'), files));
    expect(told).toMatch(/^wrong: USHER_MASTER_KEYS_DIR /);
    expect(told).toMatch(expected);
    expect(secretsOf(told)).toBe(false);
  });

  test('that is no folder is refused', async () => {
    expect(await read(join(root, 'gone'))).toEqual([
      'wrong: USHER_MASTER_KEYS_DIR cannot be read (ENOENT)',
    ]);
    expect((await read('keys'))[0]).toMatch(/is not the path of a folder/);
  });

  test('that Kubernetes mounts is read as one, whenever its link is swapped', async () => {
    const folder = join(root, 'mount');
    fill(join(folder, '..2026_a'), { k1: base64('k1'), current: 'k1' });
    symlinkSync('..2026_a', join(folder, '..data'));
    for (const name of ['k1', 'current']) symlinkSync(`..data/${name}`, join(folder, name));
    const source = sourceOf({ USHER_MASTER_KEYS_DIR: folder });
    expect((await source.read()).map(({ id }) => id)).toEqual(['k1']);
    fill(join(folder, '..2026_b'), { k1: base64('k1'), k2: base64('k2'), current: 'k2' });
    symlinkSync('..2026_b', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    rmSync(join(folder, '..2026_a'), { recursive: true });
    expect((await source.read()).map(({ id }) => id)).toEqual(['k2', 'k1']);
    const adding = source.add?.({ id: 'k3', bytes: bytes.k3 }, await source.read());
    await expect(adding).rejects.toThrow(/is a mounted secret, so that Usher does not write it/);
    const removing = source.remove?.('k1', []);
    await expect(removing).rejects.toThrow(/is a mounted secret, so that Usher does not write it/);
  });

  test('that is itself a link is read as one, also while it is swapped', async () => {
    const one = fill(join(root, 'a'), { k1: base64('k1') });
    const two = fill(join(root, 'b'), { k1: base64('k1'), k2: base64('k2'), current: 'k2' });
    symlinkSync(one, join(root, 'keys'));
    const source = sourceOf({ USHER_MASTER_KEYS_DIR: join(root, 'keys') });
    for (let n = 0; n < 50; n++) {
      symlinkSync(n % 2 === 0 ? two : one, join(root, 'next'));
      renameSync(join(root, 'next'), join(root, 'keys'));
      const ids = (await source.read()).map(({ id }) => id).join();
      expect(ids).toBe(realpathSync(join(root, 'keys')) === realpathSync(two) ? 'k2,k1' : 'k1');
    }
  });

  test('gets a new key, which writes from then on', async () => {
    const folder = fill(join(root, 'keys'), { k1: base64('k1') });
    chmodSync(folder, 0o700);
    const source = sourceOf({ USHER_MASTER_KEYS_DIR: folder });
    await source.add?.({ id: 'k2', bytes: bytes.k2 }, await source.read());
    expect((await source.read()).map(({ id }) => id)).toEqual(['k2', 'k1']);
    expect(readdirSync(folder).sort()).toEqual(['current', 'k1', 'k2']);
    expect(statSync(join(folder, 'k2')).mode & 0o777).toBe(0o600);
    await source.add?.({ id: 'k3', bytes: bytes.k3 }, await source.read());
    const all = await source.read();
    expect(all.map(({ id }) => id)).toEqual(['k3', 'k1', 'k2']);
    await source.remove?.('k1', all.slice(1));
    expect((await source.read()).map(({ id }) => id)).toEqual(['k3', 'k2']);
  });
});
