/** A bounded cache of what was read from the store, with a maximum age where the feed needs one. */

import { LRUCache } from 'lru-cache';
import { type CacheLimits, weighed } from '../../caching/weighed-cache.ts';
import type { Feed } from '../feed.ts';

/** A cache that evicts the least recently used entry. */
export interface ReadCache<T> {
  /** How many entries it holds, outdated ones included. */
  readonly size: number;
  /** The entry, unless it is too old. */
  get(key: string): T | undefined;
  /** The entry, whatever its age. */
  getExpired(key: string): T | undefined;
  /** Adds or replaces an entry. */
  set(key: string, value: T): void;
  /** Removes an entry. */
  delete(key: string): void;
  /** Removes all entries. */
  clear(): void;
  /** All entries that are not too old. */
  entries(): Iterable<[string, T]>;
}

/**
 * Creates a cache whose values weigh `bytesOf`. With a feed of kind 'messages' an entry expires
 * after `messagesAgeMsMax`, since that feed misses changes by others than Usher. `monotonicMs` is
 * `performance.now`.
 */
export function createReadCache<T extends object | string | true>(
  limits: CacheLimits,
  bytesOf: (value: T) => number,
  feed: Pick<Feed, 'kind'>,
  monotonicMs: () => number,
  messagesAgeMsMax: number,
): ReadCache<T> {
  const cache = new LRUCache<string, T>({
    ...weighed(limits, bytesOf),
    ttl: messagesAgeMsMax,
    ttlResolution: 0,
    noDeleteOnStaleGet: true,
    perf: { now: monotonicMs },
  });
  limits.meter?.(() => cache.calculatedSize);
  return {
    get size() {
      return cache.size;
    },
    get: key => cache.get(key),
    getExpired: key => cache.get(key, { allowStale: true }),
    // To the LRUCache a ttl of 0 means no expiry.
    set: (key, value) =>
      void cache.set(key, value, { ttl: feed.kind === 'messages' ? messagesAgeMsMax : 0 }),
    delete: key => void cache.delete(key),
    clear: () => cache.clear(),
    entries: () => cache.entries(),
  };
}
