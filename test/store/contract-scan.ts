/** The contract of every store: scans of access tokens. */

import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { create, revocation, update, walk } from './changes.ts';
import type { Opened } from './place.ts';

/** Registers the tests of lists, pages and counts. */
export function describeScan(opened: Opened): void {
  test('a scan of an empty store is empty', async () => {
    const { store } = opened;
    for (const order of ['newest', 'oldest', 'expiry'] as const) {
      expect(await store.scan({ order, limit: 3 })).toEqual({ records: [] });
    }
    expect(await store.count()).toBe(0);
  });

  test('access tokens are scanned in order of creation, both ways, with any page size', async () => {
    const { store } = opened;
    const ids = (await create(store, {}, {}, {}, {}, {})).map(({ id }) => id);
    for (const limit of [1, 2, 4, 5, 9]) {
      expect(await walk(store, { order: 'oldest', limit })).toEqual(ids);
      expect(await walk(store, { order: 'newest', limit })).toEqual(ids.toReversed());
    }
  });

  test('a page is full if there are enough records, and its records are complete', async () => {
    const { store } = opened;
    const records = await create(store, {}, {}, {});
    const page = await store.scan({ order: 'oldest', limit: 2 });
    expect(page.records).toEqual(records.slice(0, 2));
    expect(page.cursor).toBeTypeOf('string');
  });

  test('a scan is not disturbed by concurrent creations', async () => {
    const { store } = opened;
    const ids = (await create(store, {}, {}, {}, {})).map(({ id }) => id);
    const first = await store.scan({ order: 'newest', limit: 2 });
    const [late] = await create(store, {});
    const after = first.cursor ?? '';
    const second = await store.scan({ order: 'newest', limit: 2, after });
    expect([...first.records, ...second.records].map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await walk(store, { order: 'oldest', limit: 2 })).toEqual([...ids, late?.id]);
  });

  test('each owner has a list, and an access token moves with its owner', async () => {
    const { store } = opened;
    const owners = ['ann', 'bob', 'ann', 'annabel', undefined, 'ann'];
    const records = await create(store, ...owners.map(owner => (owner ? { owner } : {})));
    const of = (owner: string) =>
      records.filter(record => record.owner === owner).map(({ id }) => id);
    for (const limit of [1, 2, 9]) {
      expect(await walk(store, { order: 'oldest', owner: 'ann', limit })).toEqual(of('ann'));
      expect(await walk(store, { order: 'newest', owner: 'ann', limit })).toEqual(
        of('ann').toReversed(),
      );
    }
    expect(await walk(store, { order: 'oldest', owner: 'nobody', limit: 2 })).toEqual([]);

    const [moved, , left] = records;
    if (moved === undefined || left === undefined) throw new Error('not made');
    await store.commit(update(moved, { owner: 'bob' }));
    const { owner: _, ...ownerless } = left;
    await store.commit({ ...update(ownerless, {}), before: left });
    const bobs = [moved.id, ...of('bob')];
    expect(await walk(store, { order: 'oldest', owner: 'bob', limit: 1 })).toEqual(bobs);
    expect(await walk(store, { order: 'oldest', owner: 'ann', limit: 9 })).toEqual(
      of('ann').slice(2),
    );
  });

  test('the order of expiry omits what never expires, and scans ties once', async () => {
    const { store } = opened;
    const times = [900, undefined, 10_000_000_000_000, 5, 900, 900];
    const records = await create(
      store,
      ...times.map(expiresAt => (expiresAt ? { id: v7(), expiresAt } : {})),
    );
    const sorted = records
      .filter(({ expiresAt }) => expiresAt !== undefined)
      .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
    for (const limit of [1, 2, 9]) {
      expect(await walk(store, { order: 'expiry', limit })).toEqual(sorted);
      expect(await walk(store, { order: 'expiry', expiresAfter: 5, limit })).toEqual(
        sorted.slice(1),
      );
      expect(await walk(store, { order: 'expiry', expiresAfter: 900, limit })).toEqual(
        sorted.slice(4),
      );
    }
  });

  test('a new expiry moves the access token', async () => {
    const { store } = opened;
    const [a, b] = await create(store, { expiresAt: 100 }, { expiresAt: 200 });
    if (a === undefined || b === undefined) throw new Error('not made');
    await store.commit(update(a, { expiresAt: 300 }));
    expect(await walk(store, { order: 'expiry', limit: 9 })).toEqual([b.id, a.id]);
    const { expiresAt: _, ...lasting } = b;
    await store.commit({ ...update(lasting, {}), before: b });
    expect(await walk(store, { order: 'expiry', limit: 9 })).toEqual([a.id]);
  });

  test('revoked access tokens are counted and scanned', async () => {
    const { store } = opened;
    const [a, b] = await create(store, {}, {});
    if (a === undefined || b === undefined) throw new Error('not made');
    await store.commit(revocation(a));
    expect(await store.count()).toBe(2);
    expect(await walk(store, { order: 'oldest', limit: 9 })).toEqual([a.id, b.id]);
  });
}
