/** The test suite that every store must pass. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Store, Unavailable } from '../../src/store/store.ts';
import { until } from '../until.ts';
import { create, creation, eventOf, update } from './changes.ts';
import { describeAudit } from './contract-audit.ts';
import { describeCommit } from './contract-commit.ts';
import { describeDocuments } from './contract-documents.ts';
import { describeFeed } from './contract-feed.ts';
import { describeImported } from './contract-imported.ts';
import { describeKeys } from './contract-keys.ts';
import { describeKill } from './contract-kill.ts';
import { describeLimits } from './contract-limits.ts';
import { describeScan } from './contract-scan.ts';
import { type Opened, openPlace, type StorePlace } from './place.ts';

/** Registers the whole suite for a store. */
export function describeStore(name: string, start: () => Promise<StorePlace>): void {
  describe(name, () => {
    const opened = {} as Opened;
    beforeAll(async () => {
      opened.place = await start();
    });
    beforeEach(async () => {
      await opened.place.clear();
      opened.store = await openPlace(opened.place);
    });
    afterEach(() => opened.store.close());
    afterAll(() => opened.place?.stop());

    describeCommit(opened);
    describeScan(opened);
    describeAudit(opened);
    describeFeed(opened);
    describeUsage(opened);
    describeLimits(opened);
    describeImported(opened);
    describeKeys(opened);
    describeSessions(opened);
    describeDocuments(opened);
    describeClosing(opened);
    describeKill(opened);
  });
}

function describeUsage(opened: Opened): void {
  const use = (tokenId: string, date: string, count: number, lastUsedAt: number) => ({
    tokenId,
    date,
    count,
    lastUsedAt,
  });

  test('uses are summed per day, and the time of the last use is stored', async () => {
    const { store } = opened;
    await store.addUsage([use('a', '2024-02-22', 2, 500), use('b', '2024-02-22', 1, 100)]);
    await store.addUsage([use('a', '2024-02-22', 3, 400), use('a', '2024-02-23', 1, 450)]);
    expect(await store.usage(['b', 'never', 'a'])).toEqual([
      { days: { '2024-02-22': 1 }, lastUsedAt: 100 },
      { days: {} },
      { days: { '2024-02-22': 5, '2024-02-23': 1 }, lastUsedAt: 500 },
    ]);
  });

  test('the address of the last use is stored, and none for a later use without one', async () => {
    const { store } = opened;
    const from = (address: string, at: number) => ({
      ...use('from', '2024-02-22', 1, at),
      lastUsedFrom: address,
    });
    await store.addUsage([from('192.0.2.1', 500)]);
    await store.addUsage([from('192.0.2.2', 400)]);
    expect(await store.usage(['from'])).toEqual([
      { days: { '2024-02-22': 2 }, lastUsedAt: 500, lastUsedFrom: '192.0.2.1' },
    ]);
    await store.addUsage([from('2001:db8::1', 600)]);
    expect(await store.usage(['from'])).toMatchObject([{ lastUsedFrom: '2001:db8::1' }]);
    await store.addUsage([use('from', '2024-02-22', 1, 700)]);
    expect(await store.usage(['from'])).toEqual([{ days: { '2024-02-22': 4 }, lastUsedAt: 700 }]);
  });

  test('uses of 32 days are kept, beside an address', async () => {
    const { store } = opened;
    const dates = Array.from({ length: 40 }, (_, day) =>
      new Date(Date.UTC(2024, 1, 1 + day)).toISOString().slice(0, 10),
    );
    await store.addUsage(
      dates.map((date, day) => ({ ...use('a', date, 1, day), lastUsedFrom: '192.0.2.1' })),
    );
    const [usage] = await store.usage(['a']);
    expect(Object.keys(usage?.days ?? {}).sort()).toEqual(dates.slice(8));
  });

  test('counting a use changes no record', async () => {
    const { store } = opened;
    const [record] = await create(store, {});
    await store.addUsage([use(record?.id ?? '', '2024-02-22', 1, 1)]);
    expect(await store.get(record?.id ?? '')).toEqual(record);
  });
}

function describeSessions(opened: Opened): void {
  test('an ended session is known in every process until it would have expired', async () => {
    const { store, place } = opened;
    await store.endSession('ended', Date.now() + 60_000);
    await store.endSession('over', Date.now() - 1);
    const other = await openPlace(place);
    try {
      expect(await other.isSessionEnded('ended')).toBe(true);
      expect(await other.isSessionEnded('other')).toBe(false);
      await until(async () => !(await other.isSessionEnded('over')));
    } finally {
      await other.close();
    }
  });
}

function describeClosing(opened: Opened): void {
  test('a request before close is answered', async () => {
    const { store, place } = opened;
    const changes = Array.from({ length: 5 }, () => creation());
    const outcomes = Promise.all(changes.map(change => store.commit(change)));
    await store.close();
    expect(await outcomes).toEqual(changes.map(() => ({ outcome: 'done' })));
    opened.store = await openPlace(place);
    expect(await opened.store.count()).toBe(5);
  });

  test('a closed store is unavailable', async () => {
    const { store, place } = opened;
    await store.close();
    const change = creation();
    const limitDelta = {
      ...{ tokenId: 'a', counter: 'day', sequence: 1, added: [], known: [], oldest: 0, keepMs: 1 },
    };
    const asked: (() => unknown)[] = [
      () => store.get('a'),
      () => store.scan({ order: 'newest', limit: 1 }),
      () => store.count(),
      () => store.commit(change),
      () => store.findRequest('a'),
      () => store.importedForms(),
      () => store.findImported('a'),
      () => store.endSession('a', Date.now() + 1000),
      () => store.isSessionEnded('a'),
      () => store.reserveImported(['f'], [{ digest: 'd', tokenId: 'a' }]),
      () => store.append(eventOf('call.refused')),
      () => store.events({ order: 'newest', limit: 1 }),
      () => store.head(),
      () => store.addUsage([{ tokenId: 'a', date: '2024-02-22', count: 1, lastUsedAt: 1 }]),
      () => store.usage(['a']),
      () => store.countLimits('a', [limitDelta]),
      () => store.document('people', 'a'),
      () => store.documents({ collection: 'people', limit: 1 }),
      () => store.changeDocument({ collection: 'people', id: 'a', before: 0, body: {} }),
    ];
    for (const ask of asked) {
      await expect((async () => ask())()).rejects.toBeInstanceOf(Unavailable);
    }
    opened.store = await openPlace(place);
  });

  test('a store keeps everything when it is opened again', async () => {
    const { store, place } = opened;
    const [first] = await create(store, { owner: 'ann', expiresAt: 5000 });
    if (first === undefined) throw new Error('not made');
    const change = update(first, { name: 'new' });
    await store.commit(change);
    await store.addUsage([{ tokenId: first.id, date: '2024-02-22', count: 1, lastUsedAt: 7 }]);
    await store.reserveImported(['form'], [{ digest: 'd', tokenId: first.id }]);
    const before = await everything(store, first.id);
    await store.close();
    opened.store = await openPlace(place);
    expect(await everything(opened.store, first.id)).toEqual(before);
    expect(before.record).toEqual(change.record);
    expect(before.events).toHaveLength(2);
  });

  test('an open store is up', () => {
    expect(opened.store.health.up).toBe(true);
  });
}

async function everything(store: Store, id: string) {
  return {
    record: await store.get(id),
    newest: await store.scan({ order: 'newest', limit: 10 }),
    owned: await store.scan({ order: 'oldest', owner: 'ann', limit: 10 }),
    expiring: await store.scan({ order: 'expiry', limit: 10 }),
    events: await store.events({ order: 'oldest', limit: 10 }),
    head: await store.head(),
    usage: await store.usage([id]),
    forms: await store.importedForms(),
    imported: await store.findImported('d'),
  };
}
