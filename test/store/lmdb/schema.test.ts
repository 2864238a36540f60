/** The schema of the embedded store: other keys, other versions, and stores from before the MACs. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeRecord } from '../../../src/store/format/record.ts';
import { hasMac, sealedRecords } from '../../../src/store/format/sealed.ts';
import { checkDataFile } from '../../../src/store/lmdb/data-file.ts';
import { createLinks } from '../../../src/store/lmdb/links.ts';
import { openSchema } from '../../../src/store/lmdb/schema.ts';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { openTables, type Tables } from '../../../src/store/lmdb/tables.ts';
import { type Store, StoreMismatch, Unavailable } from '../../../src/store/store.ts';
import { createRecordSeal } from '../../../src/verify/record-seal.ts';
import { defaultLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { create, creation, update } from '../changes.ts';

const limits = defaultLimits.store.lmdb;
let folder: string;
let notices: string[];
let broken: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-schema-'));
  [notices, broken] = [[], []];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (seal = testSeal) =>
  openLmdb(folder, {
    ...{ now: Date.now, seal, limits },
    onNotice: message => void notices.push(message),
    onBroken: id => void broken.push(id),
  });

async function during<T>(work: (store: Store) => T | Promise<T>): Promise<T> {
  const store = open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function behindItsBack(change: (tables: Tables) => void): Promise<void> {
  const tables = openTables(folder, limits);
  await tables.root.transaction(() => change(tables));
  await tables.root.close();
}

test('another master key under the same id, and a newer schema, are refused', async () => {
  await during(() => undefined);
  const other = createRecordSeal([{ id: 'k1', bytes: new Uint8Array(32).fill(9) }]);
  expect(() => open(other)).toThrow(StoreMismatch);
  expect(() => open(other)).toThrow(/^the master key k1 is not the one/);
  await behindItsBack(({ root }) => void root.put('schema', '4'));
  expect(() => open()).toThrow(/^the store was written by a newer Usher/);
});

test('a new master key of its own id is noted, and the old one still known', async () => {
  await during(() => undefined);
  const k2 = { id: 'k2', bytes: new Uint8Array(32).fill(2) };
  const both = createRecordSeal([k2, { id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
  await open(both).close();
  await during(() => undefined);
  const swapped = createRecordSeal([{ id: 'k2', bytes: new Uint8Array(32).fill(1) }]);
  expect(() => open(swapped)).toThrow(/^the master key k2 is not the one/);
});

test('a store from before the MACs is signed when it is opened, except what cannot be read', async () => {
  const records = await during(store => create(store, {}, {}, {}));
  const [first, second, third] = records;
  if (!first || !second || !third) throw new Error('not made');
  await behindItsBack(({ root, tokens, revisions, links }) => {
    links.clearSync();
    for (const record of records) {
      tokens.put(record.id, encodeRecord(record));
      revisions.put(record.id, String(record.revision));
    }
    tokens.put(third.id, 'not a record');
    root.remove('schema');
  });
  await during(async store => {
    expect(await store.get(first.id)).toEqual(first);
    const change = update(second, { name: 'later' });
    expect(await store.commit(change)).toEqual({ outcome: 'done' });
    expect(await store.get(second.id)).toEqual(change.record);
    expect(() => store.get(third.id)).toThrow(Unavailable);
    expect(broken).toContain(third.id);
  });
  expect(notices).toContain('the store was migrated');
  await behindItsBack(({ tokens }) => {
    expect([first, second].map(({ id }) => hasMac(tokens.get(id) ?? ''))).toEqual([true, true]);
  });
  notices = [];
  await during(() => undefined);
  expect(notices).toEqual([]);
});

test('a first start that is killed again and again gives the store no past', async () => {
  await behindItsBack(() => undefined);
  const before = checkDataFile(folder);
  await during(() => undefined);
  expect(checkDataFile(folder) - before).toBe(1);
});

test('a migration on a full disk, which LMDB calls an input/output error, says so', async () => {
  const tables = openTables(folder, limits);
  const fail = () => {
    throw new Error('Input/output error');
  };
  const full = {
    ...tables,
    root: Object.create(tables.root, { transactionSync: { value: fail } }),
  };
  const sealed = sealedRecords(testSeal, fail);
  const links = createLinks(tables, sealed);
  expect(() => openSchema(full, testSeal, sealed, links, fail)).toThrow(
    /the disk is full or fails/,
  );
  await tables.root.close();
});

test('a record without a MAC is unavailable, and so is one that is gone or older', async () => {
  const [record] = await during(store => create(store, {}));
  if (record === undefined) throw new Error('not made');
  let older = '';
  await behindItsBack(({ tokens }) => {
    older = tokens.get(record.id) ?? '';
    tokens.put(record.id, encodeRecord(record));
  });
  await during(store => expect(() => store.get(record.id)).toThrow(Unavailable));
  await behindItsBack(({ tokens }) => void tokens.put(record.id, older));
  await during(store => store.commit(update(record, { revokedAt: 1 })));
  await behindItsBack(({ tokens }) => void tokens.put(record.id, older));
  await during(store => expect(() => store.find(record.id)).toThrow(Unavailable));
  await behindItsBack(({ tokens }) => void tokens.remove(record.id));
  await during(store => expect(() => store.find(record.id)).toThrow(Unavailable));
  expect(await during(store => store.get(creation().record.id))).toBeUndefined();
});

test('a damaged entry of the log is unavailable, and the store stays up', async () => {
  await during(store => create(store, {}, {}));
  await behindItsBack(({ audit }) => void audit.put(2, '{"sequence":2'));
  await during(store => {
    expect(() => store.events({ order: 'oldest', limit: 10 })).toThrow(Unavailable);
    expect(store.health.up).toBe(true);
  });
});

test('an entry of the index of imported tokens that leads elsewhere is unavailable', async () => {
  const entries = ['mine', 'other'].map(digest => ({ digest, tokenId: `id of ${digest}` }));
  await during(store => store.reserveImported(['sha256/k1/40'], entries));
  await behindItsBack(({ imported }) => {
    imported.put('mine', imported.get('other') ?? '');
  });
  await during(async store => {
    expect(() => store.findImported('mine')).toThrow(Unavailable);
    expect(broken).toEqual(['mine']);
    expect(store.findImported('other')).toBe('id of other');
    expect(store.importedForms()).toEqual(['sha256/k1/40']);
    await expect(store.reserveImported([], entries)).rejects.toBeInstanceOf(Unavailable);
  });
  await behindItsBack(({ root }) => void root.put('foreign-forms', 'sha256/k1/41'));
  await during(store => expect(() => store.importedForms()).toThrow(Unavailable));
});

test('an index from before the MACs is signed when it is opened, and again for a new master key', async () => {
  await during(store => store.reserveImported(['sha256/k1/40'], [{ digest: 'd', tokenId: 'a' }]));
  await behindItsBack(({ root, imported, links }) => {
    links.clearSync();
    imported.put('d', 'a');
    root.put('foreign-forms', 'sha256/k1/40');
    // Without content beside the index, a store would count as new.
    root.put('audit-head', JSON.stringify({ sequence: 0, hash: '0'.repeat(64), time: 0 }));
    root.remove('schema');
  });
  await during(store => expect(store.findImported('d')).toBe('a'));
  const k2 = { id: 'k2', bytes: new Uint8Array(32).fill(2) };
  const both = createRecordSeal([k2, { id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
  const store = open(both);
  await store.signImported();
  expect(store.importedForms()).toEqual(['sha256/k1/40']);
  await store.close();
  await behindItsBack(({ imported }) => expect(imported.get('d')).toMatch(/^a k2 [\w-]{22}$/));
});
