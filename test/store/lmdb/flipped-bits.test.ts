/** Flipped bits in the file of the embedded store: a verdict may be unavailable, never wrong. */

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { defaultLimits } from '../../limits.ts';
import { createRandom } from '../../model/random.ts';
import { testSeal } from '../../seal.ts';
import { staticRecord } from '../../verify/setup.ts';
import { creation, revocation, update } from '../changes.ts';

const program = fileURLToPath(new URL('./verdicts-of.ts', import.meta.url));
const tokenCount = 100;
const flips = 40;

let place: string;
const tokens: string[] = [];
/** The right verdict on each token. */
const right: string[] = [];

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'usher-bits-'));
  const limits = defaultLimits.store.lmdb;
  const store = openLmdb(join(place, 'whole'), { now: Date.now, seal: testSeal, limits });
  for (let n = 0; n < tokenCount; n++) {
    const { record, token } = staticRecord();
    const made = creation(record);
    await store.commit(made);
    const renamed = update(made.record, { name: `token ${n}` });
    await store.commit(renamed);
    if (n % 2 === 1) await store.commit(revocation(renamed.record));
    tokens.push(token);
    right.push(n % 2 === 1 ? 'REVOKED' : 'valid');
  }
  await store.close();
  writeFileSync(join(place, 'tokens'), JSON.stringify(tokens));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The verdicts of a process of its own, which a damaged page may end. */
function verdictsIn(folder: string): Promise<string[]> {
  return new Promise(resolve => {
    const args = [program, folder, join(place, 'tokens')];
    execFile(process.execPath, args, { timeout: 20_000 }, (_, stdout) => {
      resolve(stdout.split('\n').filter(Boolean));
    });
  });
}

test('a whole file gives every verdict', async () => {
  expect(await verdictsIn(join(place, 'whole'))).toEqual(right);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('no verdict is wrong (seed %i)', async seed => {
  const folder = join(place, `bent-${seed}`);
  cpSync(join(place, 'whole'), folder, { recursive: true });
  const random = createRandom(seed);
  const bytes = readFileSync(join(folder, 'data.mdb'));
  for (let n = 0; n < flips; n++) {
    const bit = Math.floor(random.between(0, bytes.length * 8));
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  writeFileSync(join(folder, 'data.mdb'), bytes);
  const verdicts = await verdictsIn(folder);
  const wrong = verdicts.filter((each, n) => each !== right[n] && each !== 'unavailable');
  expect(wrong).toEqual([]);
});
