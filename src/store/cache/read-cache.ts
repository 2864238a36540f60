/** What was read from the store, kept in memory within a bound of number and, where needed, of age. */

import { LRUCache } from 'lru-cache';
import type { Feed } from '../feed.ts';

/** A memory of reads, the least used of which goes when another one needs its place. */
export interface ReadCache<T> {
  readonly size: number;
  /** What is kept and may be believed. */
  get(key: string): T | undefined;
  /** The same, however old it is. */
  getOld(key: string): T | undefined;
  keep(key: string, value: T): void;
  delete(key: string): void;
  clear(): void;
  /** All that may be believed. */
  entries(): Iterable<[string, T]>;
}

/**
 * Makes one. Under a feed of messages what is kept is believed for `messagesAgeMsMax` only, since
 * changes by others than Usher are not told there. `monotonicMs` is `performance.now`.
 */
export function createReadCache<T extends object | string | true>(
  entriesMax: number,
  feed: Pick<Feed, 'kind'>,
  monotonicMs: () => number,
  messagesAgeMsMax: number,
): ReadCache<T> {
  const kept = new LRUCache<string, T>({
    max: entriesMax,
    ttl: messagesAgeMsMax,
    ttlResolution: 0,
    noDeleteOnStaleGet: true,
    perf: { now: monotonicMs },
  });
  return {
    get size() {
      return kept.size;
    },
    get: key => kept.get(key),
    getOld: key => kept.get(key, { allowStale: true }),
    // An age of 0 stands for none.
    keep: (key, value) =>
      void kept.set(key, value, { ttl: feed.kind === 'messages' ? messagesAgeMsMax : 0 }),
    delete: key => void kept.delete(key),
    clear: () => kept.clear(),
    entries: () => kept.entries(),
  };
}
