import { beforeEach, describe, expect, test } from 'vitest';
import { createCoherentReader } from '../../../src/store/cache/coherent.ts';
import { createLease, type FeedKind, type FeedListener } from '../../../src/store/feed.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { type CoherentReader, type Found, Unavailable } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';

const leaseMs = 2000;
const staleMaxMs = 30_000;

/** A store that the test answers, read by read. */
function scriptedStore() {
  const waiting: {
    id: string;
    answer: (record: AccessTokenRecord | undefined) => void;
    fail: () => void;
  }[] = [];
  return {
    waiting,
    get: (id: string) =>
      new Promise<AccessTokenRecord | undefined>((resolve, reject) => {
        waiting.push({ id, answer: resolve, fail: () => reject(new Unavailable('gone')) });
      }),
  };
}

function record(revision: number, more: Partial<AccessTokenRecord> = {}): AccessTokenRecord {
  return {
    id: 'a',
    revision,
    kind: 'static',
    name: 'a',
    scopes: [],
    createdAt: 0,
    updatedAt: 0,
    secrets: [],
    eventId: 'e',
    ...more,
  };
}

describe('a reader with a coherent cache', () => {
  let clock: number;
  let store: ReturnType<typeof scriptedStore>;
  let lease: ReturnType<typeof createLease>;
  let feed: FeedListener;
  let reader: CoherentReader;
  let kind: FeedKind;

  beforeEach(() => {
    clock = 1000;
    kind = 'tracking';
    store = scriptedStore();
    lease = createLease(leaseMs, () => clock);
    reader = createCoherentReader(
      store,
      {
        get kind() {
          return kind;
        },
        isLive: lease.isLive,
        lagMs: lease.ageMs,
        listen(listener) {
          feed = listener;
          return () => {};
        },
        close: async () => {},
      },
      () => clock,
      { ...defaultLimits.store.cache, readsMax: 2, staleMaxMs },
    );
    lease.renew(clock);
  });

  const fill = async (value: AccessTokenRecord | undefined): Promise<Found> => {
    const found = reader.find('a');
    store.waiting.shift()?.answer(value);
    return await found;
  };

  test('reads the store once, then answers from the cache', async () => {
    const found = await fill(record(1));
    expect(reader.find('a')).toBe(found);
    expect(reader.isCurrent(found)).toBe(true);
    expect(store.waiting).toHaveLength(0);
  });

  test('caches that there is no record', async () => {
    const found = await fill(undefined);
    expect(found.record).toBeUndefined();
    expect(reader.find('a')).toBe(found);
  });

  test('reads the store again after an invalidation', async () => {
    const found = await fill(record(1));
    feed.changed('a');
    expect(reader.isCurrent(found)).toBe(false);
    expect((await fill(record(2))).record?.revision).toBe(2);
  });

  test('does not cache a read during which the record was invalidated', async () => {
    const reading = reader.find('a');
    feed.changed('a');
    store.waiting.shift()?.answer(record(1));
    const found = await reading;
    expect(reader.isCurrent(found)).toBe(false);
  });

  test('does not cache a read during which everything was invalidated', async () => {
    const reading = reader.find('a');
    feed.changedAll();
    store.waiting.shift()?.answer(record(1));
    expect(reader.isCurrent(await reading)).toBe(false);
  });

  test('a request after an invalidation does not share an earlier read', async () => {
    const early = reader.find('a');
    feed.changed('a');
    const late = reader.find('a');
    expect(store.waiting).toHaveLength(2);
    store.waiting[1]?.answer(record(2));
    expect((await late).record?.revision).toBe(2);
    store.waiting[0]?.answer(record(1));
    expect((await early).record?.revision).toBe(1);
    expect((reader.find('a') as Found).record?.revision).toBe(2);
  });

  test('concurrent requests share one read', async () => {
    const all = [reader.find('a'), reader.find('a'), reader.find('a')];
    expect(store.waiting).toHaveLength(1);
    store.waiting[0]?.answer(record(1));
    expect(new Set(await Promise.all(all)).size).toBe(1);
  });

  test('a read is shared only briefly, and not cached after that', async () => {
    const early = reader.find('a');
    clock += defaultLimits.store.cache.sharedMsMax;
    const late = reader.find('a');
    expect(store.waiting).toHaveLength(2);
    store.waiting[1]?.answer(record(2));
    store.waiting[0]?.answer(record(1));
    expect((await early).record?.revision).toBe(1);
    expect((await late).record?.revision).toBe(2);
    expect((reader.find('a') as Found).record?.revision).toBe(2);
  });

  test('a lease expires by time alone', async () => {
    const found = await fill(record(1));
    clock += leaseMs;
    expect(reader.isCurrent(found)).toBe(false);
    reader.find('a');
    expect(store.waiting).toHaveLength(1);
  });

  test('a read is not cached when the lease ends during it', async () => {
    const reading = reader.find('a');
    clock += leaseMs;
    store.waiting.shift()?.answer(record(1));
    const found = await reading;
    lease.renew(clock);
    expect(reader.isCurrent(found)).toBe(false);
  });

  test('the lease starts when the feed was asked, not when it answered', () => {
    const asked = clock;
    clock += 1500;
    lease.renew(asked);
    clock += 499;
    expect(lease.isLive()).toBe(true);
    clock += 1;
    expect(lease.isLive()).toBe(false);
  });

  test('with the store down, a record is stale for a while, then unavailable', async () => {
    await fill(record(1));
    lease.end();
    feed.changedAll();
    clock += staleMaxMs;
    const stale = reader.find('a');
    store.waiting.shift()?.fail();
    expect(await stale).toMatchObject({ stale: true, record: { revision: 1 } });
    clock += 1;
    const unknown = reader.find('a');
    store.waiting.shift()?.fail();
    await expect(unknown).rejects.toBeInstanceOf(Unavailable);
  });

  test('a record cached before an interruption is not current after it', async () => {
    await fill(record(1));
    lease.end();
    feed.changedAll();
    clock += staleMaxMs;
    lease.renew(clock);
    feed.changedAll();
    reader.find('b');
    store.waiting.shift()?.answer(undefined);
    clock += 1;
    const unknown = reader.find('a');
    store.waiting.shift()?.fail();
    await expect(unknown).rejects.toBeInstanceOf(Unavailable);
  });

  test('with the store down, the last read is served stale, also if no feed was live', async () => {
    await fill(record(1));
    lease.end();
    feed.changedAll();
    expect((await fill(record(2))).stale).toBe(false);
    const stale = reader.find('a');
    store.waiting.shift()?.fail();
    expect(await stale).toMatchObject({ stale: true, record: { revision: 2 } });
  });

  test('a record counts as stale from the last sign of life of the feed, not from its last use', async () => {
    await fill(record(1));
    clock += 1e6;
    lease.renew(clock);
    lease.end();
    feed.changedAll();
    clock += staleMaxMs;
    const stale = reader.find('a');
    store.waiting.shift()?.fail();
    expect(await stale).toMatchObject({ stale: true, record: { revision: 1 } });
  });

  test('with the store down, a cached revocation never expires', async () => {
    await fill(record(2, { revokedAt: 1 }));
    lease.end();
    feed.changedAll();
    clock += 1e9;
    const found = reader.find('a');
    store.waiting.shift()?.fail();
    expect((await found).record?.revokedAt).toBe(1);
  });

  test('a later interruption does not make an older record younger', async () => {
    await fill(record(1));
    lease.end();
    feed.changedAll();
    clock += staleMaxMs;
    // The feed is live again, and another record is read, but not this one.
    lease.renew(clock);
    feed.changedAll();
    reader.find('b');
    store.waiting.shift()?.answer(undefined);
    clock += 1;
    const unknown = reader.find('a');
    store.waiting.shift()?.fail();
    await expect(unknown).rejects.toBeInstanceOf(Unavailable);
  });

  test('with messages a record is current for a while; with tracking, until invalidated', async () => {
    const { messagesAgeMsMax } = defaultLimits.store.cache;
    const cachedAfter = async (ms: number) => {
      const found = await fill(record(1));
      clock += ms;
      lease.renew(clock);
      const isCurrent = reader.isCurrent(found);
      feed.changed('a');
      return isCurrent;
    };
    expect(await cachedAfter(1e9)).toBe(true);
    kind = 'messages';
    expect(await cachedAfter(messagesAgeMsMax)).toBe(true);
    expect(await cachedAfter(messagesAgeMsMax + 1)).toBe(false);
  });

  test('with messages an old record is read again, and stale if it cannot be', async () => {
    kind = 'messages';
    const old = await fill(record(1));
    clock += defaultLimits.store.cache.messagesAgeMsMax + 1;
    lease.renew(clock);
    const asked = reader.find('a');
    expect(store.waiting).toHaveLength(1);
    store.waiting.shift()?.fail();
    expect(await asked).toEqual({ record: old.record, stale: true });
  });

  test('concurrent reads are bounded', async () => {
    reader.find('a');
    reader.find('b');
    expect(() => reader.find('c')).toThrow(Unavailable);
    expect(store.waiting).toHaveLength(2);
  });
});
