/** What a rolled back store lost of documents: removals are put back, older revisions are known. */

import { beforeEach, expect, test } from 'vitest';
import {
  hasChange,
  lostDocumentsOf,
  putRemovalsBack,
} from '../../../src/store/continuity/documents.ts';
import { createLostChanges } from '../../../src/store/continuity/lost.ts';
import { entryOf, type TailEntry } from '../../../src/store/continuity/tail.ts';
import type { DocumentChange } from '../../../src/store/documents.ts';
import { eventOf } from '../changes.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

let store: MemoryStore;
beforeEach(() => {
  store = memoryStore();
});

/** Makes changes with their events, and resolves to the entries of the log. */
async function made(...changes: Partial<DocumentChange>[]): Promise<TailEntry[]> {
  for (const change of changes) {
    const all = { collection: 'people', id: 'ann', before: 0, ...change } as const;
    expect(await store.changes.changeDocument({ ...all, event: eventOf('person.x') })).toBe('done');
  }
  return store.content.log.map(entryOf);
}

const document = { id: 'ann', body: {} };

test('a document has a change when it is as new, or is not there', () => {
  const named = { collection: 'people', id: 'ann' } as const;
  expect(hasChange({ ...document, revision: 3 }, { ...named, revision: 3 })).toBe(true);
  expect(hasChange({ ...document, revision: 4 }, { ...named, revision: 3 })).toBe(true);
  expect(hasChange({ ...document, revision: 2 }, { ...named, revision: 3 })).toBe(false);
  expect(hasChange(undefined, { ...named, revision: 3 })).toBe(true);
  expect(hasChange(undefined, named)).toBe(true);
  expect(hasChange({ ...document, revision: 2 }, named)).toBe(false);
});

test('only the last known change of a document counts', async () => {
  const entries = await made({ body: {} }, { before: 1, body: {} }, { before: 2 });
  store.content.documents.set('people/ann', { ...document, revision: 1 });
  const more = await made(
    { id: 'bob', body: {} },
    { id: 'bob', before: 1, body: { role: 'viewer' } },
  );
  store.content.documents.set('people/bob', { id: 'bob', revision: 1, body: { role: 'admin' } });
  const all = [...entries, ...more.slice(entries.length)];
  await putRemovalsBack(store.changes, all, () => 5);
  await putRemovalsBack(store.changes, all, () => 5);
  expect(store.content.documents.has('people/ann')).toBe(false);
  expect(store.content.log.at(-1)).toMatchObject({
    ...{ action: 'person.x', actor: 'usher', detail: 'put back after the store lost it' },
  });
  expect(store.content.log).toHaveLength(6);
  const { documents, whole } = await lostDocumentsOf(store.changes, all);
  expect(documents).toEqual([{ name: 'people/bob', revision: 2 }]);
  expect([...whole]).toEqual([]);
});

test('a removal that meets another change is tried again, and gives up at last', async () => {
  const entries = await made({ body: {} }, { before: 1 });
  store.content.documents.set('people/ann', { ...document, revision: 1 });
  let conflicts = 3;
  const busy = {
    ...store.changes,
    changeDocument: async (change: DocumentChange) =>
      conflicts-- > 0 ? ('conflict' as const) : await store.changes.changeDocument(change),
  };
  await putRemovalsBack(busy, entries, () => 5);
  expect(store.content.documents.size).toBe(0);
  store.content.documents.set('people/ann', { ...document, revision: 1 });
  conflicts = 99;
  await expect(putRemovalsBack(busy, entries, () => 5)).rejects.toThrow('changes too fast');
});

test('a session whose removal is lost is ended again', async () => {
  const session = { collection: 'sessions', id: 'admin.one' } as const;
  const entries = await made({ ...session, body: {} }, { ...session, before: 1 });
  const body = { sessionId: 'one' };
  const keepUntil = 5;
  store.content.documents.set('sessions/admin.one', {
    id: 'admin.one',
    revision: 1,
    body,
    keepUntil,
  });
  await putRemovalsBack(store.changes, entries, () => 5);
  expect([...store.content.endedSessions]).toEqual(['one']);
});

test('a loss is known until it is accepted, and by the newest revision', () => {
  const lost = createLostChanges();
  const older = { collection: 'people', id: 'ann', revision: 2 } as const;
  const of = (revision: number) => ({
    ...{ changes: [], tokenIds: [], documents: [{ name: 'people/ann', revision }] },
  });
  expect(lost.hasDocument(older)).toBe(false);
  lost.add(of(4));
  lost.add(of(3));
  expect(lost.hasDocument(older)).toBe(true);
  expect(lost.hasDocument({ ...older, revision: 3 })).toBe(true);
  expect(lost.hasDocument({ ...older, revision: 4 })).toBe(false);
  expect(lost.hasDocument({ ...older, collection: 'jobs' })).toBe(false);
  expect(lost.knows(older)).toBe(true);
  lost.clear();
  expect(lost.hasDocument(older)).toBe(false);
});

test('a person whose creation is lost with later changes cannot be created again as at first', async () => {
  const entries = await made(
    { body: {} },
    { before: 1, body: { disabled: true } },
    { id: 'bob', body: {} },
    { collection: 'jobs', id: 'job', body: {} },
    { collection: 'jobs', id: 'job', before: 1, body: {} },
  );
  store.content.documents.clear();
  const { documents } = await lostDocumentsOf(store.changes, entries);
  expect(documents).toEqual([{ name: 'people/ann', revision: 2 }]);
});
