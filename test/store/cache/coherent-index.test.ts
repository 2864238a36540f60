/** The cache of the index of imported tokens is as coherent as that of the records. */

import { beforeEach, expect, test } from 'vitest';
import {
  type CoherentIndex,
  createCoherentIndex,
} from '../../../src/store/cache/coherent-index.ts';
import type { FeedKind, FeedListener } from '../../../src/store/feed.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';

let entries: Map<string, string>;
let reads: string[];
let live: boolean;
let down: boolean;
let feed: FeedListener;
let index: CoherentIndex;
/** While set, reads of the store wait for it. */
let gate: Promise<void> | undefined;
let kind: FeedKind;
let clock: number;

beforeEach(() => {
  entries = new Map([['here', 'a']]);
  reads = [];
  live = true;
  kind = 'tracking';
  clock = 1000;
  down = false;
  gate = undefined;
  index = createCoherentIndex(
    async name => {
      reads.push(name);
      const value = entries.get(name);
      await gate;
      if (down) throw new Unavailable('down');
      return value;
    },
    {
      get kind() {
        return kind;
      },
      isLive: () => live,
      lagMs: () => 0,
      listen(listener) {
        feed = listener;
        return () => {};
      },
      close: async () => {},
    },
    () => clock,
    { ...defaultLimits.store.cache, absentMax: 5, readsMax: 3 },
  );
});

test('reads the store once for a present entry, and once for a missing one', async () => {
  for (let n = 0; n < 3; n++) {
    expect(await index.find('here')).toBe('a');
    expect(await index.find('gone')).toBeUndefined();
  }
  expect(reads).toEqual(['here', 'gone']);
});

test('with a feed of messages, reads the store again after a while', async () => {
  kind = 'messages';
  const find = async () => [await index.find('here'), await index.find('gone')];
  expect(await find()).toEqual(['a', undefined]);
  clock += defaultLimits.store.cache.messagesAgeMsMax;
  await find();
  expect(reads).toEqual(['here', 'gone']);
  clock += 1;
  await find();
  expect(reads).toEqual(['here', 'gone', 'here', 'gone']);
});

test('reads the store again after an invalidation', async () => {
  expect(await index.find('late')).toBeUndefined();
  entries.set('late', 'b');
  feed.importedChanged?.('late');
  expect(await index.find('late')).toBe('b');
});

test('does not cache an absence that was read before the entry was added', async () => {
  let open = () => {};
  gate = new Promise(resolve => {
    open = resolve;
  });
  const early = index.find('late');
  entries.set('late', 'b');
  feed.importedChanged?.('late');
  open();
  expect(await early).toBeUndefined();
  expect(await index.find('late')).toBe('b');
});

test('without a live feed it reads the store each time', async () => {
  live = false;
  await index.find('gone');
  await index.find('gone');
  expect(reads).toEqual(['gone', 'gone']);
});

test('a flood of missing entries is bounded, and evicts no present entry', async () => {
  await index.find('here');
  for (let n = 0; n < 100; n++) await index.find(`garbage ${n}`);
  reads.length = 0;
  expect(await index.find('here')).toBe('a');
  await index.find('garbage 99');
  expect(reads).toEqual([]);
  await index.find('garbage 0');
  expect(reads).toEqual(['garbage 0']);
});

test('with the store down, cached entries are still found, and none is called absent', async () => {
  await index.find('here');
  await index.find('gone');
  live = false;
  down = true;
  feed.changedAll();
  expect(await index.find('here')).toBe('a');
  await expect((async () => index.find('gone'))()).rejects.toBeInstanceOf(Unavailable);
});

test('too many concurrent reads are unavailable', async () => {
  let open = () => {};
  gate = new Promise(resolve => {
    open = resolve;
  });
  const underway = ['a', 'b', 'c'].map(name => index.find(name));
  await expect((async () => index.find('d'))()).rejects.toBeInstanceOf(Unavailable);
  open();
  await Promise.all(underway);
  expect(await index.find('d')).toBeUndefined();
});

test('an index that was emptied is read again', async () => {
  expect(await index.find('here')).toBe('a');
  entries.clear();
  feed.changedAll();
  expect(await index.find('here')).toBeUndefined();
});
