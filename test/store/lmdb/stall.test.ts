/** A process that was stopped in the middle of an event loop turn reads fresh data afterwards. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import type { Found } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { creation } from '../changes.ts';

const revoker = fileURLToPath(new URL('../revoke-once.ts', import.meta.url));

test('a revocation by another process takes effect within the same turn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-lmdb-'));
  const store = openLmdb(folder, {
    now: Date.now,
    seal: testSeal,
    limits: defaultLimits.store.lmdb,
  });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { record, ...change } = creation();
  await store.commit({ record, ...change });
  const found = store.find(record.id) as Found;
  expect(store.isCurrent(found)).toBe(true);

  // Nothing else in this process runs during the wait, as if the process were stopped.
  execFileSync(process.execPath, [revoker, `lmdb:${folder}`, record.id]);

  expect(store.isCurrent(found)).toBe(false);
  expect((store.find(record.id) as Found).record?.revokedAt).toBeDefined();
});
