/** Documents in the embedded store: older and altered ones, stores without any, and what is over. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { openTables, type Tables } from '../../../src/store/lmdb/tables.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { creation } from '../changes.ts';
import { person } from '../contract-documents.ts';

const limits = defaultLimits.store.lmdb;
let folder: string;
let now = 1000;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-documents-'));
  now = 1000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function during<T>(work: (store: Store) => Promise<T>, broken: string[] = []): Promise<T> {
  const store = openLmdb(folder, {
    ...{ now: () => now, seal: testSeal, limits },
    onBroken: id => broken.push(id),
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function behindItsBack<T>(change: (tables: Tables) => T): Promise<T> {
  const tables = openTables(folder, limits);
  const result = await tables.root.transaction(() => change(tables));
  await tables.root.close();
  return result;
}

const unavailable = (ask: () => unknown) =>
  expect((async () => ask())()).rejects.toBeInstanceOf(Unavailable);
const key: [string, string] = ['people', 'ann'];

test('an older document that comes back is unavailable and reported, and so is an altered one', async () => {
  await during(store => store.changeDocument(person('ann', { body: { roles: ['admin'] } })));
  const older = await behindItsBack(({ documents }) => documents.get(key) ?? '');
  await during(store => store.changeDocument(person('ann', { before: 1, body: { roles: [] } })));
  for (const text of [older, older.replace('admin', 'keeper')]) {
    await behindItsBack(({ documents }) => documents.put(key, text));
    const broken: string[] = [];
    await during(async store => {
      await unavailable(() => store.document('people', 'ann'));
      await unavailable(() => store.documents({ collection: 'people', limit: 5 }));
      await unavailable(() => store.changeDocument(person('ann', { before: 2 })));
    }, broken);
    expect(new Set(broken)).toEqual(new Set(['people/ann']));
  }
});

test('a store of a version without documents is opened, and then keeps them', async () => {
  const change = creation();
  await during(store => store.commit(change));
  await behindItsBack(({ root, links }) => {
    links.remove(['documents']);
    root.remove('documents');
  });
  await during(async store => {
    expect(await store.document('people', 'ann')).toBeUndefined();
    expect(await store.changeDocument(person('ann'))).toBe('done');
    expect(await store.get(change.record.id)).toEqual(change.record);
  });
  await during(async store => {
    expect((await store.document('people', 'ann'))?.revision).toBe(1);
    expect(await store.document('people', 'bob')).toBeUndefined();
  });
});

test('links that are lost later are not begun again', async () => {
  await during(store => store.changeDocument(person('ann')));
  await behindItsBack(({ documents, links }) => {
    documents.remove(key);
    links.remove(['documents']);
    links.remove(['documents', ...key]);
  });
  await during(async store => {
    await unavailable(() => store.document('people', 'ann'));
    await unavailable(() => store.documents({ collection: 'people', limit: 5 }));
  });
});

test('documents that are over are removed with later changes', async () => {
  await during(async store => {
    for (let n = 0; n < 20; n++) await store.changeDocument(person(`p${n}`, { keepUntil: 2000 }));
    await store.changeDocument(person('p0', { before: 1, keepUntil: 9000 }));
    now = 3000;
    for (let n = 0; n < 4; n++) await store.changeDocument(person(`q${n}`));
  });
  const left = await behindItsBack(({ documents }) => [...documents.getKeys()].map(([, id]) => id));
  expect(left).toEqual(['p0', 'q0', 'q1', 'q2', 'q3']);
});
