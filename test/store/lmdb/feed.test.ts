/**
 * The feed of the embedded store, with a log that fails, is replaced, or grows by too much at once.
 */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ChainedEvent, chain, emptyChain } from '../../../src/store/audit.ts';
import { type LocalFeed, lmdbFeed } from '../../../src/store/lmdb/feed.ts';
import { defaultLimits } from '../../limits.ts';
import { eventOf } from '../changes.ts';

const limits = { ...defaultLimits.store.lmdb, leaseMs: 2000, feedLookMs: 25, feedEntriesMax: 3 };
let log: ChainedEvent[];
let failing: boolean;
let feed: LocalFeed;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  log = [];
  failing = false;
  told = [];
  const read = <T>(value: T): T => {
    if (failing) throw new Error('unreadable');
    return value;
  };
  feed = lmdbFeed(
    {
      head: () => read(log.at(-1) ?? emptyChain),
      eventsAfter: (after, limit) => read(log.slice(after, after + limit)),
    },
    limits,
    () => performance.now(),
  );
});

afterEach(async () => {
  await feed.close();
  vi.useRealTimers();
});

const add = (...ids: string[]) => {
  for (const id of ids) log.push(chain(log.at(-1) ?? emptyChain, eventOf('token.update', id)));
};
const listen = () =>
  feed.listen({ changed: id => told.push(id), changedAll: () => told.push('all') });

test('reports the entries since the last poll, in order', () => {
  add('old');
  listen();
  add('a', 'b');
  expect(told).toEqual([]);
  vi.advanceTimersByTime(25);
  expect(told).toEqual(['a', 'b']);
  add('c');
  feed.look();
  expect(told).toEqual(['a', 'b', 'c']);
});

test('too many changes at once are reported as a reset', () => {
  listen();
  add('a', 'b', 'c', 'd');
  vi.advanceTimersByTime(25);
  expect(told).toEqual(['all']);
});

test('a log restored from a backup is reported as a reset', () => {
  add('a', 'b');
  listen();
  log.length = 1;
  vi.advanceTimersByTime(25);
  expect(told).toEqual(['all']);
});

test('an unreadable log ends the lease, and missed changes are reported afterwards', () => {
  listen();
  failing = true;
  add('a');
  vi.advanceTimersByTime(1999);
  expect(feed.isLive()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(feed.isLive()).toBe(false);
  failing = false;
  vi.advanceTimersByTime(25);
  expect(told).toEqual(['a']);
  expect(feed.isLive()).toBe(true);
});

test('changes before the first successful poll are reported as a reset', () => {
  failing = true;
  listen();
  add('a');
  failing = false;
  vi.advanceTimersByTime(25);
  expect(told).toEqual(['all']);
});

test('without listeners the feed polls only on request', () => {
  const unlisten = listen();
  unlisten();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(feed.isLive()).toBe(true);
  expect(feed.lagMs()).toBe(0);
  failing = true;
  vi.advanceTimersByTime(2000);
  expect(feed.isLive()).toBe(false);
});
