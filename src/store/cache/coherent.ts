/** Records in memory, believed only while the feed's lease is live: fast, and revoked at once. */

import { LRUCache } from 'lru-cache';
import type { Feed } from '../feed.ts';
import type { AccessTokenRecord } from '../record.ts';
import { type CoherentReader, type Found, type TokenReader, Unavailable } from '../store.ts';
import type { CoherentLimits } from './limits.ts';
import { createReadMemory } from './read-memory.ts';

interface Read {
  answer: Promise<Found>;
  startedMs: number;
  /** The record changed, or the feed was lost, while it was being read: do not keep the answer. */
  dirty: boolean;
}

/** A record that may have changed unheard. */
interface Unverified {
  record: AccessTokenRecord;
  /** When it was last known to be current. */
  currentMs: number;
}

/** Puts the cache before a store. `monotonicMs` is `performance.now`. */
export function createCoherentReader(
  store: TokenReader,
  feed: Feed,
  monotonicMs: () => number,
  limits: CoherentLimits,
): CoherentReader {
  const memory = (entriesMax: number) =>
    createReadMemory<Found>(entriesMax, feed, monotonicMs, limits.messagesAgeMsMax);
  const present = memory(limits.entriesMax);
  const absent = memory(limits.absentMax);
  // No Map: the tables that one outgrows keep what was in them from being freed, for long pauses of
  // the garbage collector.
  const reads = new LRUCache<string, Read>({ max: limits.readsMax });
  /** For when the store cannot be reached: from before an interruption, or read without a feed. */
  const unverified = new LRUCache<string, Unverified>({ max: limits.entriesMax });
  /** All that was acknowledged before it has been heard. */
  const heardMs = () => monotonicMs() - feed.heardMsAgo();

  const distrust = (id: string, record: AccessTokenRecord | undefined, currentMs: number) => {
    const isUseful = limits.staleMaxMs > 0 || record?.revokedAt !== undefined;
    if (record === undefined || !isUseful) unverified.delete(id);
    else unverified.set(id, { record, currentMs });
    present.delete(id);
  };
  /** What is no answer for others can still be news: a revocation that was seen stays seen. */
  const learn = (id: string, record: AccessTokenRecord | undefined, currentMs: number) => {
    const known = present.getOld(id)?.record ?? unverified.peek(id)?.record;
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
      const currentMs = heardMs();
      for (const [id, { record }] of [...present.entries()]) distrust(id, record, currentMs);
      present.clear();
      absent.clear();
      for (const read of reads.values()) read.dirty = true;
    },
  });

  const keep = (id: string, found: Found) => {
    (found.record === undefined ? absent : present).keep(id, found);
    unverified.delete(id);
  };

  /** What may be said of a record when the store cannot be reached. */
  const stale = (id: string, cause: unknown): Found => {
    const kept = present.getOld(id)?.record;
    const known = kept ? { record: kept, currentMs: heardMs() } : unverified.get(id);
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
          ? { record, stale: false, believedMs: limits.messagesAgeMsMax }
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
        if (found !== undefined) return found;
      }
      const underway = reads.get(id);
      // One that is dirty may have read the record before the change: whoever asks now reads anew.
      if (underway !== undefined && !underway.dirty && isYoung(underway)) return underway.answer;
      if (reads.size >= limits.readsMax) {
        return stale(id, new Unavailable('too many reads of the store are under way'));
      }
      // Two answers for one id may come in any order: that of the older one is not kept.
      if (underway !== undefined) underway.dirty = true;
      const self: { read?: Read } = {};
      const startedMs = monotonicMs();
      const started: Read = { answer: read(id, startedMs, self), startedMs, dirty: false };
      self.read = started;
      reads.set(id, started);
      return started.answer;
    },
    ageMs: feed.heardMsAgo,
    isCurrent(found) {
      const id = found.record?.id;
      return id !== undefined && feed.isLive() && present.get(id) === found;
    },
  };
}
