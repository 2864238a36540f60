/** The lock on a data folder is held until it is released, also across garbage collections. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { ownFolder } from '../../../src/store/lmdb/owner.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a folder has one owner, until the lock is released', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-owner-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const inUse = /is in use by another Usher/;
  const release = ownFolder(folder);
  expect(() => ownFolder(folder)).toThrow(inUse);
  release();
  ownFolder(folder);
  for (let turn = 0; turn < 5; turn++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  expect(() => ownFolder(folder)).toThrow(inUse);
});

test('a missing folder cannot be locked', () => {
  expect(() => ownFolder(join(tmpdir(), 'usher-no-such-folder'))).toThrow(/cannot lock the data/);
});
