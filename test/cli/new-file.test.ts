/** Files that commands write are whole, or are not there: also on a disk that takes only a part. */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { writeNewFile } from '../../src/cli/new-file.ts';
import { program } from '../program.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-new-file-'));
  path = join(folder, 'out');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* texts(...all: string[]): AsyncGenerator<string> {
  yield* all;
}

test('writes all, for this user alone', async () => {
  await writeNewFile(path, texts('a\n', 'b\n'));
  expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('leaves a file that is there as it is', async () => {
  writeFileSync(path, 'mine');
  await expect(writeNewFile(path, texts('a'))).rejects.toThrow(UsageError);
  expect(readFileSync(path, 'utf8')).toBe('mine');
});

test('leaves no file where the texts end early', async () => {
  async function* broken() {
    yield 'a';
    throw new Error('the store is down');
  }
  await expect(writeNewFile(path, broken())).rejects.toThrow('the store is down');
  expect(existsSync(path)).toBe(false);
});

test('leaves no file where the disk takes a part of the last text', () => {
  // A file that may have no more bytes is written like one on a disk that is nearly full.
  const module = join(import.meta.dirname, '../../src/cli/new-file.ts');
  const script = `const { writeNewFile } = await import(${JSON.stringify(module)});
    async function* texts() { yield 'x'.repeat(10_000); }
    await writeNewFile(process.argv[1], texts()).then(() => console.log('written'), error => console.log(error.message));`;
  const { stdout, stderr } = spawnSync(
    program('prlimit'),
    ['--fsize=8000', process.execPath, '--input-type=module', '-e', script, path],
    { encoding: 'utf8' },
  );
  expect([stdout, stderr]).toEqual([`${path} cannot be written (EFBIG)\n`, '']);
  expect(existsSync(path)).toBe(false);
});

test('no other code writes what the system may take in part', () => {
  // The first goes on with the rest; the log keeps it until it is taken.
  const known = ['src/cli/new-file.ts', 'src/log-output.ts'];
  const sources = globSync('src/**/*.ts', { exclude: ['src/manager/web/**', 'src/gen/**'] });
  const partly =
    /^ *writeSync,|\bwriteSync\(|import \{[^}]*\bopen\b[^}]*\} from 'node:fs\/promises'/m;
  const found = sources.filter(source => partly.test(readFileSync(source, 'utf8')));
  expect(found.filter(source => !known.includes(source))).toEqual([]);
});
