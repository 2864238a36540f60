/** Folders are made, or it is said why not. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from '../../src/settings/make-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'usher-make-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

test('with those above it, and one that is there stays', () => {
  const folder = join(root, 'a', 'b');
  makeFolder(folder, 0o700);
  makeFolder(folder, 0o755);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
  makeFolder(relative('', join(root, 'c')));
  expect(readdirSync(root)).toEqual(['a', 'c']);
});

test('below a file it cannot be made', () => {
  writeFileSync(join(root, 'file'), '');
  expect(() => makeFolder(join(root, 'file', 'a'))).toThrow(/ENOTDIR/);
});

test.runIf(process.platform === 'linux')('it ends where the system has no folder to make', () => {
  // Node's own `recursive` does not.
  expect(() => makeFolder('/proc/usher/a')).toThrow(/ENOENT/);
});

test('no code of the server or the command line makes folders by Node, without end', () => {
  const src = resolve(import.meta.dirname, '../../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const made = files
    .filter(name => name.endsWith('.ts') && !name.endsWith('make-folder.ts'))
    .filter(name => /\bmkdir(Sync)?\(/.test(readFileSync(join(src, name), 'utf8')));
  expect(made).toEqual([]);
});
