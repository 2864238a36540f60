/** The contract of every store: the audit log. */

import { expect, test } from 'vitest';
import { emptyChain } from '../../src/store/audit.ts';
import { create, creation, eventOf, intactLog, revocation, update } from './changes.ts';
import { type Opened, openPlace } from './place.ts';

/** Registers the tests of the audit log. */
export function describeAudit(opened: Opened): void {
  test('an empty log has the head of an empty chain', async () => {
    expect(await opened.store.head()).toEqual(emptyChain);
    expect(await opened.store.events({ order: 'newest', limit: 5 })).toEqual([]);
  });

  test('every change and every event is in the log, in order and complete', async () => {
    const { store } = opened;
    const change = creation();
    const refused = { ...eventOf('call.refused'), detail: 'Ünïcode "ok"', before: { a: [1] } };
    await store.commit(change);
    await store.append(refused);
    const revoked = revocation(change.record);
    await store.commit(revoked);
    const log = await intactLog(store);
    expect(log.map(({ sequence: _, hash: __, ...event }) => event)).toEqual([
      change.event,
      refused,
      revoked.event,
    ]);
  });

  test('an event is appended once', async () => {
    const { store } = opened;
    const event = eventOf('call.refused');
    await Promise.all([store.append(event), store.note(event)]);
    await store.append(eventOf('other'));
    await store.append(event);
    expect(await intactLog(store)).toHaveLength(2);
  });

  test('the log can be read from any entry, in both orders', async () => {
    const { store } = opened;
    for (let i = 0; i < 5; i++) await store.append(eventOf(`action.${i}`));
    const read = async (order: 'newest' | 'oldest', limit: number, after?: number) =>
      (await store.events(after === undefined ? { order, limit } : { order, limit, after })).map(
        ({ sequence }) => sequence,
      );
    expect(await read('oldest', 2)).toEqual([1, 2]);
    expect(await read('oldest', 2, 2)).toEqual([3, 4]);
    expect(await read('oldest', 9, 5)).toEqual([]);
    expect(await read('newest', 2)).toEqual([5, 4]);
    expect(await read('newest', 9, 4)).toEqual([3, 2, 1]);
    expect(await read('newest', 9, 1)).toEqual([]);
  });

  test('the log can be read for one access token', async () => {
    const { store } = opened;
    const [a, b] = await create(store, {}, {});
    if (a === undefined || b === undefined) throw new Error('not made');
    await store.append(eventOf('call.refused'));
    await store.append(eventOf('token.show', a.id));
    await store.commit(update(a, { name: 'new' }));
    const read = async (order: 'newest' | 'oldest', limit: number, after?: number) => {
      const scan = { order, limit, tokenId: a.id };
      const events = await store.events(after === undefined ? scan : { ...scan, after });
      return events.map(({ sequence }) => sequence);
    };
    expect(await read('oldest', 9)).toEqual([1, 4, 5]);
    expect(await read('oldest', 1, 1)).toEqual([4]);
    expect(await read('newest', 2)).toEqual([5, 4]);
    expect(await read('newest', 9, 4)).toEqual([1]);
    expect(await store.events({ order: 'oldest', limit: 9, tokenId: 'nobody' })).toEqual([]);
    const [first] = await store.events({ order: 'oldest', limit: 1, tokenId: b.id });
    expect(first).toEqual((await intactLog(store))[1]);
  });

  test('the oldest entries are removed in steps, with their index; others and later ones stay', async () => {
    const { store } = opened;
    const [a, b] = await create(store, {}, {});
    if (a === undefined || b === undefined) throw new Error('not made');
    for (let n = 0; n < 4; n++) await store.append(eventOf('token.show', n % 2 ? a.id : b.id));
    const before = await store.events({ order: 'oldest', limit: 9 });
    expect(await store.removeEvents(3, 2)).toBe(true);
    expect(await store.removeEvents(3, 2)).toBe(false);
    expect(await store.removeEvents(3, 2)).toBe(false);
    const read = async (scan: { order: 'oldest' | 'newest'; tokenId?: string; after?: number }) =>
      (await store.events({ limit: 9, ...scan })).map(({ sequence }) => sequence);
    expect(await store.events({ order: 'oldest', limit: 9 })).toEqual(before.slice(3));
    expect(await read({ order: 'newest' })).toEqual([6, 5, 4]);
    expect(await read({ order: 'oldest', after: 1 })).toEqual([4, 5, 6]);
    expect(await read({ order: 'oldest', tokenId: a.id })).toEqual([4, 6]);
    expect(await read({ order: 'newest', tokenId: b.id })).toEqual([5]);
    const { sequence, hash } = await store.head();
    expect([sequence, hash]).toEqual([6, before[5]?.hash]);
    await store.append(eventOf('call.refused'));
    expect((await store.head()).sequence).toBe(7);
  });

  test('the log stays intact and complete when two servers write concurrently', async () => {
    const { store, place } = opened;
    const other = await openPlace(place);
    try {
      const changes = Array.from({ length: 30 }, () => creation());
      const events = Array.from({ length: 10 }, () => eventOf('call.refused'));
      const all = [...changes.map(({ event }) => event), ...events];
      await Promise.all([
        ...changes.map((change, i) => (i % 2 ? store : other).commit(change)),
        ...events.map((event, i) => (i % 2 ? store : other).append(event)),
      ]);
      const log = await intactLog(store);
      expect(log.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
      expect(await other.head()).toEqual(await store.head());
    } finally {
      await other.close();
    }
  });
}
