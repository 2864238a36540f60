/** LMDB's lock file has no holes, in which a full disk would end the process. */

import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fillLockFile } from '../../../src/store/lmdb/lock-file.ts';
import { ownFolder } from '../../../src/store/lmdb/owner.ts';
import { openTables } from '../../../src/store/lmdb/tables.ts';
import { defaultLimits } from '../../limits.ts';

const limits = defaultLimits.store.lmdb;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-lock-'));
  path = join(folder, 'lock.mdb');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Its size, and whether it is on the disk as a whole. */
function found() {
  const { size, blocks } = statSync(path);
  return { size, isWhole: blocks * 512 >= size };
}

test('a new one is whole, and LMDB takes it as it is', async () => {
  const tables = openTables(folder, limits);
  const { size } = found();
  await tables.root.put('a', 'b');
  expect([tables.root.get('a'), tables.isDataGone]).toEqual(['b', false]);
  expect(found()).toEqual({ size, isWhole: true });
  expect(size).toBeGreaterThan(limits.readersMax * 64);
  await tables.root.close();
});

test('the owner fills the holes of an older one, before it opens the store', async () => {
  await openTables(folder, limits).root.close();
  writeFileSync(path, '');
  truncateSync(path, 32_976);
  expect(found().isWhole).toBe(false);
  ownFolder(folder)();
  expect(found()).toEqual({ size: 32_976, isWhole: true });
  const tables = openTables(folder, limits);
  await tables.root.put('a', 'b');
  expect(tables.root.get('a')).toBe('b');
  await tables.root.close();
});

test('one without holes, which others may use, stays as it is', () => {
  writeFileSync(path, 'notes');
  fillLockFile(folder);
  expect(readFileSync(path, 'utf8')).toBe('notes');
});
