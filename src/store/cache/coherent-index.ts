/** A cache of an index. Like cached records, its entries are valid only while the feed is live. */

import { LRUCache } from 'lru-cache';
import { heapWeights, jsonBytes } from '../../caching/json-bytes.ts';
import { type CacheLimits, weighed } from '../../caching/weighed-cache.ts';
import type { Awaitable } from '../awaitable.ts';
import type { Feed } from '../feed.ts';
import { Unavailable } from '../store.ts';
import type { CoherentLimits } from './limits.ts';
import { createReadCache } from './read-cache.ts';

/** Reads entries of an index. */
export interface CoherentIndex {
  /** The value of an entry, or undefined. Throws Unavailable. */
  find(name: string): Awaitable<string | undefined>;
  /** Drops what is cached for an entry, since it was added or changed. */
  forget(name: string): void;
}

interface Read {
  answer: Promise<string | undefined>;
  /** The entry was added, or the feed was lost, during the read: do not cache the answer. */
  dirty: boolean;
}

/**
 * Puts a cache in front of an index whose entries are never removed. While the store cannot be
 * reached, a cached entry is still used: the record that it names decides whether the token is
 * valid. `monotonicMs` is `performance.now`.
 */
export function createCoherentIndex(
  read: (name: string) => Promise<string | undefined>,
  feed: Feed,
  monotonicMs: () => number,
  limits: CoherentLimits,
): CoherentIndex {
  const cache = <T extends string | true>(bounds: CacheLimits) =>
    createReadCache<T>(bounds, valueBytes, feed, monotonicMs, limits.messagesAgeMsMax);
  const present = cache<string>(limits.imported);
  const { lookups = { hits: 0, misses: 0 } } = limits.imported;
  const absent = cache<true>(limits.notImported);
  /** Entries that may no longer exist, after the feed was lost or the store was emptied. */
  const unverified = new LRUCache<string, string>(weighed(limits.lastImported, valueBytes));
  limits.lastImported.meter?.(() => unverified.calculatedSize);
  const reads = new LRUCache<string, Read>({ max: limits.readsMax });

  const forget = (name: string) => {
    present.delete(name);
    absent.delete(name);
    const underway = reads.get(name);
    if (underway !== undefined) underway.dirty = true;
  };
  feed.listen({
    changed: () => undefined,
    importedChanged: forget,
    changedAll() {
      for (const [name, value] of present.entries()) unverified.set(name, value);
      present.clear();
      absent.clear();
      for (const underway of reads.values()) underway.dirty = true;
    },
  });

  const ask = async (name: string, self: { read?: Read }): Promise<string | undefined> => {
    try {
      const value = await read(name);
      unverified.delete(name);
      if (self.read?.dirty === false && feed.isLive()) {
        if (value === undefined) absent.set(name, true);
        else present.set(name, value);
      }
      return value;
    } catch (cause) {
      const last = present.getExpired(name) ?? unverified.get(name);
      if (last !== undefined) return last;
      throw cause;
    } finally {
      if (reads.get(name) === self.read) reads.delete(name);
    }
  };

  return {
    forget,
    find(name) {
      if (feed.isLive()) {
        const value = present.get(name);
        if (value !== undefined || absent.get(name)) {
          lookups.hits++;
          return value;
        }
      }
      lookups.misses++;
      const underway = reads.get(name);
      if (underway !== undefined && !underway.dirty) return underway.answer;
      if (reads.size >= limits.readsMax) {
        const last = present.getExpired(name) ?? unverified.get(name);
        if (last !== undefined) return last;
        throw new Unavailable('too many reads of the store are under way');
      }
      const self: { read?: Read } = {};
      const started: Read = { answer: ask(name, self), dirty: false };
      self.read = started;
      reads.set(name, started);
      return started.answer;
    },
  };
}

function valueBytes(value: string | true): number {
  return jsonBytes(value, heapWeights);
}
