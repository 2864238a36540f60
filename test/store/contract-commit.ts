/** The contract of every store: reading and changing records. */

import { expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { create, creation, eventOf, intactLog, requestOf, revocation, update } from './changes.ts';
import type { Opened } from './place.ts';

const done = { outcome: 'done' };
const conflict = { outcome: 'conflict' };

/** Registers the tests of reads and commits. */
export function describeCommit(opened: Opened): void {
  const made = async (fields: Partial<AccessTokenRecord> = {}) => {
    const [record] = await create(opened.store, fields);
    if (record === undefined) throw new Error('not made');
    return record;
  };

  test('an access token that was never created is undefined', async () => {
    expect(await opened.store.get(creation().record.id)).toBeUndefined();
  });

  test('a committed record is read back completely', async () => {
    const change = creation({
      owner: 'Zoë {log} "quoted"',
      metadata: { empty: [], nested: { list: [1, 2.5, null], text: 'ü\n' } },
      revokedJwts: { issuedBefore: 5, ids: { h: 1 } },
      expiresAt: Number.MAX_SAFE_INTEGER,
    });
    expect(await opened.store.commit(change)).toEqual(done);
    expect(await opened.store.get(change.record.id)).toEqual(change.record);
  });

  test('times never run backwards along the log, whatever the clocks of its writers', async () => {
    const { store } = opened;
    const at = async (time: number) => {
      const change = creation();
      await store.commit({ ...change, event: { ...change.event, time } });
    };
    await at(2000);
    await at(1000);
    await store.append({ ...eventOf('call.refused'), time: 500 });
    await at(3000);
    const log = await intactLog(store);
    expect(log.map(({ time }) => time)).toEqual([2000, 2000, 2000, 3000]);
    expect((await store.head()).time).toBe(3000);
  });

  test('settling resolves for what is there, and for what is not', async () => {
    const record = await made();
    await opened.store.settle(record.id);
    await opened.store.settle(creation().record.id);
    expect(await opened.store.get(record.id)).toEqual(record);
  });

  test('a change is made only from the revision that it names', async () => {
    const { store } = opened;
    const first = await made();
    const second = update(first, { name: 'second' });
    expect(await store.commit(second)).toEqual(done);
    expect(await store.commit(update(first, { name: 'late' }))).toEqual(conflict);
    expect(await store.get(first.id)).toEqual(second.record);
  });

  test('an access token is created once, and changed only if it exists', async () => {
    const { store } = opened;
    const first = await made();
    expect(await store.commit(creation({ id: first.id, name: 'other' }))).toEqual(conflict);
    expect(await store.commit(update(creation().record, {}))).toEqual(conflict);
    expect(await store.get(first.id)).toEqual(first);
    expect(await store.count()).toBe(1);
  });

  test('a change that conflicts leaves no trace', async () => {
    const { store } = opened;
    const first = await made({ owner: 'ann' });
    const late = update({ ...first, revision: 7 }, { owner: 'bob', expiresAt: 1 });
    const request = requestOf(late);
    expect(await store.commit({ ...late, request })).toEqual(conflict);
    expect(await store.findRequest(request.key)).toBeUndefined();
    expect(await intactLog(store)).toHaveLength(1);
    expect(await store.scan({ order: 'oldest', owner: 'bob', limit: 5 })).toEqual({ records: [] });
    expect(await store.scan({ order: 'expiry', limit: 5 })).toEqual({ records: [] });
  });

  test('a revocation is permanent', async () => {
    const { store } = opened;
    const first = await made();
    const revoked = revocation(first);
    const { revokedAt: _, revokeReason: __, ...clean } = revoked.record;
    expect(await store.commit(revoked)).toEqual(done);
    expect(await store.commit(update(revoked.record, { name: 'x' }))).toEqual(conflict);
    expect(await store.commit(update(clean, {}))).toEqual(conflict);
    expect(await store.commit(update(first, {}))).toEqual(conflict);
    expect(await store.commit(creation({ id: first.id }))).toEqual(conflict);
    expect(await store.get(first.id)).toEqual(revoked.record);
  });

  test('the same change, committed again, is made once', async () => {
    const { store } = opened;
    const change = creation();
    expect(await store.commit(change)).toEqual(done);
    expect(await store.commit(change)).toEqual(done);
    const next = update(change.record, { name: 'next' });
    expect(await store.commit(next)).toEqual(done);
    expect(await store.commit(change)).toEqual(done);
    expect(await store.get(change.record.id)).toEqual(next.record);
    expect(await intactLog(store)).toHaveLength(2);
  });

  test('the same change, committed many times concurrently, is made once', async () => {
    const { store } = opened;
    const change = creation();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => store.commit(change)));
    expect(outcomes).toEqual(outcomes.map(() => done));
    expect(await intactLog(store)).toHaveLength(1);
  });

  test('of many concurrent changes from one revision exactly one is made', async () => {
    const { store } = opened;
    const first = await made();
    const changes = Array.from({ length: 20 }, (_, i) => update(first, { name: `name ${i}` }));
    const outcomes = await Promise.all(changes.map(change => store.commit(change)));
    const winners = changes.filter((_, i) => outcomes[i]?.outcome === 'done');
    expect(winners).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(19);
    expect(await store.get(first.id)).toEqual(winners[0]?.record);
    expect((await intactLog(store)).map(({ id }) => id)).toEqual([
      first.eventId,
      winners[0]?.event.id,
    ]);
  });

  test('a request is executed once, and its repetition gets the same result', async () => {
    const { store } = opened;
    const change = creation();
    const request = requestOf(change);
    expect(await store.commit({ ...change, request })).toEqual(done);
    const again = creation();
    expect(await store.commit({ ...again, request: requestOf(again, request.key) })).toEqual({
      outcome: 'repeated',
      request,
    });
    expect(await store.findRequest(request.key)).toEqual(request);
    expect(await store.get(again.record.id)).toBeUndefined();
    expect(await intactLog(store)).toHaveLength(1);
  });

  test('of many concurrent changes with one request exactly one is made', async () => {
    const { store } = opened;
    const changes = Array.from({ length: 10 }, () => creation());
    const key = requestOf(creation()).key;
    const outcomes = await Promise.all(
      changes.map(change => store.commit({ ...change, request: requestOf(change, key) })),
    );
    const winners = changes.filter((_, i) => outcomes[i]?.outcome === 'done');
    expect(winners).toHaveLength(1);
    const told = outcomes.map(result => result.outcome === 'repeated' && result.request.tokenId);
    expect(told.filter(id => id === winners[0]?.record.id)).toHaveLength(9);
    expect(await store.count()).toBe(1);
    expect(await intactLog(store)).toHaveLength(1);
  });

  test('an expired request is forgotten', async () => {
    const { store } = opened;
    const change = creation();
    const request = { ...requestOf(change), keepUntil: Date.now() - 1 };
    await store.commit({ ...change, request });
    expect(await store.findRequest(request.key)).toBeUndefined();
    const next = creation();
    expect(await store.commit({ ...next, request: requestOf(next, request.key) })).toEqual(done);
  });

  test('a request that was never made is undefined', async () => {
    expect(await opened.store.findRequest('admin:nothing')).toBeUndefined();
  });
}
