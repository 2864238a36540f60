/** Records in memory, believed only while the feed's lease is live: fast, and revoked at once. */

import type { Feed } from './feed.ts';
import { createReadMemory } from './read-memory.ts';
import type { AccessTokenRecord } from './record.ts';
import { type CoherentReader, type Found, type TokenReader, Unavailable } from './store.ts';

/** Bounds of the cache. */
export interface CoherentLimits {
  /** Records kept. */
  entriesMax: number;
  /** Ids kept of which it is known that there is no record: apart, so that a flood evicts no record. */
  absentMax: number;
  /** Reads of the store at once; further ones are refused as unavailable. */
  readsMax: number;
  /**
   * How old a read under way may be for another one to share it, in milliseconds: what it read can be as
   * old as that, however long this process was suspended meanwhile.
   */
  sharedReadMsMax: number;
  /**
   * How long a record that was good is used, marked stale, when the store cannot be reached, in
   * milliseconds since it was last known to be current. 0 for not at all.
   */
  staleMaxMs: number;
  /**
   * How long something read is believed, in milliseconds, where the feed is of messages: what others
   * than Usher change in the store is not told there.
   */
  messagesAgeMsMax: number;
}

/** What a deployment gets that sets nothing. */
export const defaultCoherentLimits: CoherentLimits = {
  entriesMax: 100_000,
  absentMax: 20_000,
  readsMax: 1000,
  sharedReadMsMax: 100,
  staleMaxMs: 0,
  messagesAgeMsMax: 30_000,
};

interface Read {
  answer: Promise<Found>;
  startedMs: number;
  /** The record changed, or the feed was lost, while it was being read: do not keep the answer. */
  dirty: boolean;
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
  const reads = new Map<string, Read>();
  /** Entries from before an interruption, and when they were last known to be current. */
  let unverified = new Map<string, AccessTokenRecord>();
  let unverifiedUntilMs = Number.NEGATIVE_INFINITY;
  let currentUntilMs = monotonicMs();

  feed.listen({
    changed(id) {
      present.delete(id);
      absent.delete(id);
      unverified.delete(id);
      const read = reads.get(id);
      if (read !== undefined) read.dirty = true;
    },
    changedAll() {
      if (present.size > 0) {
        unverified = new Map();
        unverifiedUntilMs = currentUntilMs;
        for (const [id, { record }] of present.entries()) {
          const useful = limits.staleMaxMs > 0 || record?.revokedAt !== undefined;
          if (record !== undefined && useful) unverified.set(id, record);
        }
      }
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
    const old = unverified.get(id);
    const record = old ?? present.getOld(id)?.record;
    const untilMs = old === undefined ? currentUntilMs : unverifiedUntilMs;
    const tolerable =
      record !== undefined &&
      (record.revokedAt !== undefined || monotonicMs() - untilMs <= limits.staleMaxMs);
    if (tolerable) return { record, stale: true };
    throw cause instanceof Unavailable ? cause : new Unavailable('the store failed', cause);
  };

  const read = async (id: string, self: { read?: Read }): Promise<Found> => {
    try {
      const record = await store.get(id);
      const found: Found =
        feed.kind === 'messages'
          ? { record, stale: false, believedMs: limits.messagesAgeMsMax }
          : { record, stale: false };
      if (self.read?.dirty === false && feed.isLive()) keep(id, found);
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
        currentUntilMs = monotonicMs();
        const found = present.get(id) ?? absent.get(id);
        if (found !== undefined) return found;
      }
      const underway = reads.get(id);
      // One that is dirty may have read the record before the change: whoever asks now reads anew.
      const isYoung =
        underway !== undefined && monotonicMs() - underway.startedMs <= limits.sharedReadMsMax;
      if (isYoung && !underway.dirty) return underway.answer;
      // Word of a change reaches but the latest read of a record: what an earlier one read is not kept.
      if (underway !== undefined) underway.dirty = true;
      if (reads.size >= limits.readsMax) {
        return stale(id, new Unavailable('too many reads of the store are under way'));
      }
      const self: { read?: Read } = {};
      const started: Read = {
        answer: read(id, self),
        startedMs: monotonicMs(),
        dirty: false,
      };
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
