/** The cache of records. A cached record is valid only while the feed of invalidations is live. */

import { LRUCache } from 'lru-cache';
import { heapWeights, jsonBytes } from '../../caching/json-bytes.ts';
import { type CacheLimits, weighed } from '../../caching/weighed-cache.ts';
import type { Feed } from '../feed.ts';
import type { AccessTokenRecord } from '../record.ts';
import { type CoherentReader, type Found, type TokenReader, Unavailable } from '../store.ts';
import type { CoherentLimits } from './limits.ts';
import { createReadCache } from './read-cache.ts';

interface Read {
  answer: Promise<Found>;
  startedMs: number;
  /** The record changed, or the feed was lost, during the read: do not cache the answer. */
  dirty: boolean;
}

/** A cached record that may have changed without an invalidation. */
interface Unverified {
  record: AccessTokenRecord;
  /** When it was last known to be current. */
  currentMs: number;
}

/** Puts the cache in front of a store. `monotonicMs` is `performance.now`. */
export function createCoherentReader(
  store: TokenReader,
  feed: Feed,
  monotonicMs: () => number,
  limits: CoherentLimits,
): CoherentReader {
  const cache = (bounds: CacheLimits) =>
    createReadCache<Found>(bounds, foundBytes, feed, monotonicMs, limits.messagesAgeMsMax);
  const present = cache(limits.records);
  const { lookups = { hits: 0, misses: 0 } } = limits.records;
  const absent = cache(limits.unknownIds);
  // Not a Map: the tables that a growing Map leaves behind keep their entries alive, which causes
  // long pauses of the garbage collector.
  const reads = new LRUCache<string, Read>({ max: limits.readsMax });
  /**
   * Fallback while the store cannot be reached: read before a loss of the feed, or without a feed.
   */
  const unverified = new LRUCache<string, Unverified>(weighed(limits.lastRecords, foundBytes));
  limits.lastRecords.meter?.(() => unverified.calculatedSize);
  /** The time up to which all acknowledged changes were announced. */
  const currentAsOfMs = () => monotonicMs() - feed.lagMs();

  const distrust = (id: string, record: AccessTokenRecord | undefined, currentMs: number) => {
    const isUseful = limits.staleMaxMs > 0 || record?.revokedAt !== undefined;
    if (record === undefined || !isUseful) unverified.delete(id);
    else unverified.set(id, { record, currentMs });
    present.delete(id);
  };
  /** A read that may not be cached can still be newer than the cache: a seen revocation is kept. */
  const learn = (id: string, record: AccessTokenRecord | undefined, currentMs: number) => {
    const known = present.getExpired(id)?.record ?? unverified.peek(id)?.record;
    const isNews = record !== undefined && record.revision > (known?.revision ?? 0);
    if (isNews) distrust(id, record, currentMs);
  };

  feed.listen({
    changed(id) {
      present.delete(id);
      absent.delete(id);
      unverified.delete(id);
      const read = reads.get(id);
      if (read !== undefined) read.dirty = true;
    },
    changedAll() {
      const currentMs = currentAsOfMs();
      for (const [id, { record }] of [...present.entries()]) distrust(id, record, currentMs);
      present.clear();
      absent.clear();
      for (const read of reads.values()) read.dirty = true;
    },
  });

  const keep = (id: string, found: Found) => {
    (found.record === undefined ? absent : present).set(id, found);
    unverified.delete(id);
  };

  /** The answer while the store cannot be reached: a revoked record, or one within staleMaxMs. */
  const stale = (id: string, cause: unknown): Found => {
    const kept = present.getExpired(id)?.record;
    const known = kept ? { record: kept, currentMs: currentAsOfMs() } : unverified.get(id);
    if (known?.record.revokedAt !== undefined) return { record: known.record, stale: true };
    if (known !== undefined && monotonicMs() - known.currentMs <= limits.staleMaxMs) {
      return { record: known.record, stale: true };
    }
    throw cause instanceof Unavailable ? cause : new Unavailable('the store failed', cause);
  };

  const isYoung = ({ startedMs }: Read) => monotonicMs() - startedMs < limits.sharedMsMax;

  const read = async (id: string, startedMs: number, self: { read?: Read }): Promise<Found> => {
    try {
      const record = await store.get(id);
      const found: Found =
        feed.kind === 'messages'
          ? { record, stale: false, freshMs: limits.messagesAgeMsMax }
          : { record, stale: false };
      if (self.read?.dirty !== false) learn(id, record, startedMs);
      else if (feed.isLive()) keep(id, found);
      else distrust(id, record, startedMs);
      return found;
    } catch (cause) {
      return stale(id, cause);
    } finally {
      if (reads.get(id) === self.read) reads.delete(id);
    }
  };

  return {
    find(id) {
      if (feed.isLive()) {
        const found = present.get(id) ?? absent.get(id);
        if (found !== undefined) {
          lookups.hits++;
          return found;
        }
      }
      lookups.misses++;
      const underway = reads.get(id);
      // A dirty read may hold the record from before the change, so a new look-up does not share
      // it.
      if (underway !== undefined && !underway.dirty && isYoung(underway)) return underway.answer;
      if (reads.size >= limits.readsMax) {
        return stale(id, new Unavailable('too many reads of the store are under way'));
      }
      // Answers for one id can arrive in any order: that of the older read is not cached.
      if (underway !== undefined) underway.dirty = true;
      const self: { read?: Read } = {};
      const startedMs = monotonicMs();
      const started: Read = { answer: read(id, startedMs, self), startedMs, dirty: false };
      self.read = started;
      reads.set(id, started);
      return started.answer;
    },
    ageMs: feed.lagMs,
    isCurrent(found) {
      const id = found.record?.id;
      return id !== undefined && feed.isLive() && present.get(id) === found;
    },
  };
}

/** What a record, with the object that holds it, takes in memory. */
function foundBytes({ record }: Pick<Found, 'record'>): number {
  return 64 + jsonBytes(record, heapWeights);
}
