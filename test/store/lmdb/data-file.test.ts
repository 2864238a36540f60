/** A data folder that LMDB could not survive is refused in a sentence before LMDB sees it. */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDataFile } from '../../../src/store/lmdb/data-file.ts';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { openTables } from '../../../src/store/lmdb/tables.ts';
import { StoreUnusable } from '../../../src/store/store.ts';
import { storeLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'usher-data-file-'));
  file = join(folder, 'data.mdb');
  const tables = openTables(folder, storeLimits().lmdb);
  for (let n = 0; n < 200; n++) await tables.tokens.put(String(n), 'x'.repeat(500));
  // As each store has it, beside the tables.
  await tables.root.put('schema', '1');
  await tables.root.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const refusal = (): string => {
  try {
    openTables(folder, storeLimits().lmdb);
    return 'opened';
  } catch (error) {
    return error instanceof StoreUnusable ? error.message : `threw ${error}`;
  }
};
const overwrite = (at: number, bytes: Buffer) => {
  const whole = readFileSync(file);
  bytes.copy(whole, at);
  writeFileSync(file, whole);
};

test('a complete file, an empty one, and none are opened', () => {
  expect(() => checkDataFile(folder)).not.toThrow();
  truncateSync(file, 0);
  expect(() => checkDataFile(folder)).not.toThrow();
  rmSync(file);
  expect(() => checkDataFile(folder)).not.toThrow();
});

test.each([100, 4096, 4200, 8192, 100_000])('a file cut to %i bytes is refused', bytes => {
  truncateSync(file, bytes);
  expect(refusal()).toMatch(/data\.mdb is damaged: it is cut short.*restore the data folder/);
});

test('a file that the first start began and did not finish is begun again', async () => {
  for (const bytes of [4096, 6000]) {
    rmSync(file);
    await open({ path: folder, noSubdir: false }).close();
    truncateSync(file, bytes);
    const tables = openTables(folder, storeLimits().lmdb);
    expect(tables.transactions).toBe(0);
    await tables.root.close();
  }
});

test.each([0, 1, 2, 3])('a compacted copy is opened, also after %i changes', async changes => {
  for (const more of [0, 1]) {
    const copy = mkdtempSync(join(tmpdir(), 'usher-data-file-'));
    const tables = openTables(folder, storeLimits().lmdb);
    // The copy takes its number from a state that has an even one, and from one that has an odd one.
    if (more) await tables.tokens.put('more', 'x');
    await tables.root.backup(copy, true);
    await tables.root.close();
    for (let n = 0; n < changes; n++) {
      const copied = openTables(copy, storeLimits().lmdb);
      await copied.tokens.put('one', String(n));
      await copied.root.close();
    }
    expect(() => checkDataFile(copy)).not.toThrow();
    rmSync(copy, { recursive: true });
  }
});

test('a file that only lacks pages that are free is opened', () => {
  const { size } = statSync(file);
  // One page more than there is, as if it had been allocated and freed again.
  overwrite(144, pageNumber(size / 4096));
  overwrite(4096 + 144, pageNumber(size / 4096));
  expect(() => checkDataFile(folder)).not.toThrow();
});

test.each([
  ['an older state as the newest', 0, 152],
  ['an older state as the newest', 4096, 152],
  ['another root page', 0, 136],
  ['another root page', 4096, 136],
])('a flipped bit that makes it %s is refused (meta page at %i, field at %i)', (_, page, field) => {
  const whole = readFileSync(file);
  for (let bit = 0; bit < 24; bit++) {
    const bent = Buffer.from(whole);
    const at = page + field + (bit >> 3);
    bent.writeUInt8(bent.readUInt8(at) ^ (1 << (bit & 7)), at);
    writeFileSync(file, bent);
    expect(() => checkDataFile(folder), `bit ${bit}`).toThrow(/meta pages do not lead/);
  }
});

test('a meta page that could not be written is no damage, unlike a flipped bit in its number', async () => {
  const tables = openTables(folder, storeLimits().lmdb);
  const grow = async () => {
    await tables.tokens.put(String(Math.random()), 'x'.repeat(20_000));
    return readFileSync(file);
  };
  await grow();
  const [before, after] = [await grow(), await grow()];
  await tables.root.close();
  const number = (whole: Buffer, page: number) => whole.readBigUInt64LE(page + 152);
  const page = number(before, 0) < number(before, 4096) ? 0 : 4096;
  const takeBack = (field: number) => {
    before.copy(after, page + field, page + field, page + field + 8);
    writeFileSync(file, after);
  };
  takeBack(152);
  expect(() => checkDataFile(folder)).toThrow(/meta pages do not lead/);
  takeBack(144);
  expect(() => checkDataFile(folder)).not.toThrow();
});

test('a file that is not LMDB, or of another version, is refused', () => {
  const good = readFileSync(file);
  writeFileSync(file, Buffer.alloc(20_000, 'not a database '));
  expect(refusal()).toContain('it is no LMDB file');
  writeFileSync(file, good);
  overwrite(28, Buffer.from([3]));
  expect(refusal()).toContain("it has version 3 of LMDB's format");
  writeFileSync(file, good);
  overwrite(48, Buffer.from([1]));
  expect(refusal()).toContain('its page size is impossible');
});

test('a data file that cannot be read is refused in words', () => {
  rmSync(file);
  mkdirSync(file);
  expect(refusal()).toMatch(/^cannot read .*data\.mdb \(EISDIR.*this user owns$/);
});

test.each(['gone', 'empty'])(
  'a data file that is %s where a store was is no quiet start',
  async how => {
    const warnings: string[] = [];
    const start = async () => {
      const onWarning = (message: string) => void warnings.push(message);
      const { lmdb: limits } = storeLimits();
      await openLmdb(folder, { now: Date.now, seal: testSeal, limits, onWarning }).close();
    };
    if (how === 'gone') rmSync(file);
    else truncateSync(file, 0);
    await start();
    expect(warnings).toEqual([expect.stringContaining('its data.mdb is gone or empty')]);
    await start();
    expect(warnings).toHaveLength(1);
  },
);

test('a folder that is a file is refused', () => {
  expect(() => openTables(join(folder, 'data.mdb'), storeLimits().lmdb)).toThrow(StoreUnusable);
});

test('files of the store are readable only by their owner, existing ones too', async () => {
  const mode = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8);
  expect([mode('data.mdb'), mode('lock.mdb')]).toEqual(['600', '600']);
  chmodSync(file, 0o644);
  const tables = openTables(folder, storeLimits().lmdb);
  expect(mode('data.mdb')).toBe('600');
  await tables.root.close();
});

function pageNumber(page: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(page));
  return bytes;
}
