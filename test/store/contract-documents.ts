/** The contract of every store: documents. */

import { expect, test } from 'vitest';
import type { DocumentChange } from '../../src/store/documents.ts';
import type { Store } from '../../src/store/store.ts';
import { until } from '../until.ts';
import { eventOf, intactLog } from './changes.ts';
import { type Opened, openPlace } from './place.ts';

/** A change of a person, unless it says otherwise. */
export function person(id: string, more: Partial<DocumentChange> = {}): DocumentChange {
  return { collection: 'people', id, before: 0, body: { name: id }, ...more };
}

/** The same without a content: a removal. */
function removal(id: string, before: number, more: Partial<DocumentChange> = {}): DocumentChange {
  return { collection: 'people', id, before, ...more };
}

async function idsOf(store: Store, more: { after?: string; prefix?: string; limit?: number } = {}) {
  const found = await store.documents({ collection: 'people', limit: 100, ...more });
  return found.map(({ id }) => id);
}

/** Registers the tests. */
export function describeDocuments(opened: Opened): void {
  describeChanges(opened);
  describeLists(opened);
  describeEvents(opened);
}

function describeChanges(opened: Opened): void {
  test('a document is created, changed and removed, each at the revision it was read at', async () => {
    const { store } = opened;
    const get = () => store.document('people', 'ann');
    expect(await get()).toBeUndefined();
    expect(await store.changeDocument(person('ann', { before: 1 }))).toBe('conflict');
    expect(await store.changeDocument(removal('ann', 0))).toBe('conflict');
    expect(await store.changeDocument(person('ann'))).toBe('done');
    expect(await store.changeDocument(person('ann'))).toBe('conflict');
    expect(await get()).toEqual({ id: 'ann', revision: 1, body: { name: 'ann' } });
    const body = { name: 'Änn "A"', roles: ['viewer', { a: [1, null, true, 0.5] }], mac: 'no' };
    expect(await store.changeDocument(person('ann', { before: 1, body }))).toBe('done');
    expect(await get()).toEqual({ id: 'ann', revision: 2, body });
    expect(await store.changeDocument(person('ann', { before: 1, body }))).toBe('conflict');
    expect(await store.changeDocument(removal('ann', 1))).toBe('conflict');
    expect(await store.changeDocument(removal('ann', 2))).toBe('done');
    expect(await get()).toBeUndefined();
    expect(await store.changeDocument(removal('ann', 2))).toBe('conflict');
    expect(await store.changeDocument(person('ann'))).toBe('done');
    expect((await get())?.revision).toBe(1);
  });

  test('collections are apart, and ids that no store keeps are refused', async () => {
    const { store } = opened;
    await store.changeDocument(person('a'));
    await store.changeDocument(person('a', { collection: 'jobs', body: { of: 'jobs' } }));
    expect((await store.document('people', 'a'))?.body).toEqual({ name: 'a' });
    expect((await store.document('jobs', 'a'))?.body).toEqual({ of: 'jobs' });
    expect(await store.document('leaks', 'a')).toBeUndefined();
    for (const id of ['', 'a b', 'a/b', 'ä', 'a'.repeat(65), 'a\n']) {
      await expect(store.changeDocument(person(id))).rejects.toThrow('not an id');
      await expect((async () => store.document('people', id))()).rejects.toThrow('not an id');
    }
  });

  test('of callers that change the same document at once, one is done', async () => {
    const { store, place } = opened;
    const other = await openPlace(place);
    try {
      const race = (make: (n: number) => DocumentChange) =>
        Promise.all(
          Array.from({ length: 12 }, (_, n) => (n % 2 ? store : other).changeDocument(make(n))),
        );
      for (const [n, event] of [undefined, true].entries()) {
        const id = `one-${n}`;
        const more = () => (event ? { event: eventOf('person.update') } : {});
        const created = await race(() => person(id, more()));
        expect(created.filter(word => word === 'done')).toHaveLength(1);
        const changed = await race(i => person(id, { before: 1, body: { i }, ...more() }));
        expect(changed.filter(word => word === 'done')).toHaveLength(1);
        expect((await other.document('people', id))?.revision).toBe(2);
        const removed = await race(() => removal(id, 2, more()));
        expect(removed.filter(word => word === 'done')).toHaveLength(1);
        expect(await store.document('people', id)).toBeUndefined();
      }
      expect(await intactLog(store)).toHaveLength(3);
    } finally {
      await other.close();
    }
  });

  test('documents of a backup are written as they were, and go on from there', async () => {
    const { store } = opened;
    expect(await store.isEmpty()).toBe(true);
    const ann = { id: 'ann', revision: 7, body: { name: 'Ann' } };
    const bob = { id: 'bob', revision: 2, body: {}, keepUntil: Date.now() - 1 };
    await store.loadDocuments([
      { collection: 'people', ...ann },
      { collection: 'webhooks', ...bob },
    ]);
    expect(await store.isEmpty()).toBe(false);
    expect(await store.document('people', 'ann')).toEqual(ann);
    expect(await store.document('webhooks', 'bob')).toBeUndefined();
    expect(await store.changeDocument(person('ann', { before: 7 }))).toBe('done');
    expect(await idsOf(store)).toEqual(['ann']);
  });

  test('a store keeps documents when it is opened again', async () => {
    const { store, place } = opened;
    const keepUntil = Date.now() + 60_000;
    await store.changeDocument(person('ann', { keepUntil, event: eventOf('person.create') }));
    const before = await store.document('people', 'ann');
    expect(before).toEqual({ id: 'ann', revision: 1, body: { name: 'ann' }, keepUntil });
    await store.close();
    opened.store = await openPlace(place);
    expect(await opened.store.document('people', 'ann')).toEqual(before);
    expect(await idsOf(opened.store)).toEqual(['ann']);
  });
}

function describeLists(opened: Opened): void {
  test('documents are listed in the order of their ids, page by page', async () => {
    const { store } = opened;
    const ids = ['A', 'Z', '_', '-', '.', '0', '9', 'a', 'ab', 'ab-1', 'ab-2', 'abc', 'ac', 'b'];
    for (const id of ids.toReversed()) await store.changeDocument(person(id));
    await store.changeDocument(person('a', { collection: 'invitations' }));
    await store.changeDocument(person('z', { collection: 'sessions' }));
    const sorted = ids.toSorted();
    expect(await idsOf(store)).toEqual(sorted);
    const paged: string[] = [];
    for (let page = await idsOf(store, { limit: 3 }); ; ) {
      paged.push(...page);
      if (page.length < 3) break;
      page = await idsOf(store, { limit: 3, after: page.at(-1) ?? '' });
    }
    expect(paged).toEqual(sorted);
    expect(await idsOf(store, { after: 'aaa' })).toEqual(sorted.filter(id => id > 'aaa'));
    expect(await idsOf(store, { after: 'zz' })).toEqual([]);
    const abs = ['ab', 'ab-1', 'ab-2', 'abc'];
    expect(await idsOf(store, { prefix: 'ab' })).toEqual(abs);
    expect(await idsOf(store, { prefix: 'ab', limit: 2 })).toEqual(abs.slice(0, 2));
    expect(await idsOf(store, { prefix: 'ab', after: 'ab' })).toEqual(abs.slice(1));
    expect(await idsOf(store, { prefix: 'ab', after: 'A' })).toEqual(abs);
    expect(await idsOf(store, { prefix: 'ab', after: 'ab-2', limit: 1 })).toEqual(['abc']);
    expect(await idsOf(store, { prefix: 'x' })).toEqual([]);
  });

  test('what is over is not there, and does not make a page short', async () => {
    const { store } = opened;
    const now = Date.now();
    for (let n = 0; n < 30; n++) {
      const id = String(n).padStart(2, '0');
      await store.changeDocument(person(id, n % 3 === 0 ? {} : { keepUntil: now - 1 }));
    }
    await store.changeDocument(person('x', { keepUntil: now + 3_600_000 }));
    const left = ['00', '03', '06', '09', '12', '15', '18', '21', '24', '27', 'x'];
    expect(await idsOf(store)).toEqual(left);
    expect(await idsOf(store, { limit: 4 })).toEqual(left.slice(0, 4));
    expect(await idsOf(store, { limit: 4, after: '04' })).toEqual(left.slice(2, 6));
    expect(await store.document('people', '01')).toBeUndefined();
    expect(await store.changeDocument(person('01', { before: 1 }))).toBe('conflict');
    expect(await store.changeDocument(removal('01', 1))).toBe('conflict');
    expect(await store.changeDocument(person('01'))).toBe('done');
    expect(await store.document('people', '01')).toEqual({
      ...{ id: '01', revision: 1, body: { name: '01' } },
    });
  });

  test('an end can be moved and taken away', async () => {
    const { store } = opened;
    const now = Date.now();
    // On a busy machine the end may come before the change that takes it away.
    for (let ms = 50, outcome = ''; outcome !== 'done'; ms *= 4) {
      await store.changeDocument(person('a', { keepUntil: Date.now() + ms }));
      outcome = await store.changeDocument(person('a', { before: 1 }));
    }
    await store.changeDocument(person('b', { keepUntil: now + 3_600_000 }));
    await store.changeDocument(person('b', { before: 1, keepUntil: now + 50 }));
    await until(async () => (await store.document('people', 'b')) === undefined);
    await store.changeDocument(person('c'));
    expect(await idsOf(store)).toEqual(['a', 'c']);
    expect((await store.document('people', 'a'))?.revision).toBe(2);
  });
}

function describeEvents(opened: Opened): void {
  test('the event of a change is in the log once, with the name of the document', async () => {
    const { store } = opened;
    const event = { ...eventOf('person.create'), after: { name: 'Ann' } };
    const change = person('ann', { event });
    expect(await store.changeDocument(change)).toBe('done');
    expect(await store.changeDocument(change)).toBe('done');
    const gone = removal('ann', 1, { event: eventOf('person.remove') });
    expect(await store.changeDocument(gone)).toBe('done');
    // A repeat that arrives late, after another change.
    expect(await store.changeDocument(change)).toBe('done');
    expect(await store.changeDocument(gone)).toBe('done');
    expect(await store.document('people', 'ann')).toBeUndefined();
    const refused = person('ann', { before: 7, event: eventOf('person.update') });
    expect(await store.changeDocument(refused)).toBe('conflict');
    const log = await intactLog(store);
    const document = { collection: 'people', id: 'ann' };
    expect(log.map(({ action, after }) => [action, after])).toEqual([
      ['person.create', { name: 'Ann', document: { ...document, revision: 1 } }],
      ['person.remove', { document }],
    ]);
  });

  test('documents without events leave the log as it is', async () => {
    const { store } = opened;
    await store.changeDocument(person('a', { collection: 'jobs' }));
    await store.changeDocument(person('a', { collection: 'jobs', before: 1 }));
    expect(await intactLog(store)).toEqual([]);
  });
}
