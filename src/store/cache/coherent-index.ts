/** An index in memory, believed only while the feed's lease is live, as the records are. */

import { LRUCache } from 'lru-cache';
import type { Feed } from '../feed.ts';
import { type Awaitable, Unavailable } from '../store.ts';
import type { CoherentLimits } from './limits.ts';
import { createReadMemory } from './read-memory.ts';

/** Reads entries of an index. */
export interface CoherentIndex {
  /** What an entry leads to, or undefined. Throws Unavailable. */
  find(name: string): Awaitable<string | undefined>;
  /** An entry came: what is remembered of it is not so any more. */
  forget(name: string): void;
}

interface Read {
  answer: Promise<string | undefined>;
  /** The entry came, or the feed was lost, while it was being read: do not keep the answer. */
  dirty: boolean;
}

/**
 * Puts the memory before an index whose entries come and stay. When the store cannot be reached, an
 * entry that was there is used: what it leads to says whether it may be. `monotonicMs` is
 * `performance.now`.
 */
export function createCoherentIndex(
  read: (name: string) => Promise<string | undefined>,
  feed: Feed,
  monotonicMs: () => number,
  limits: CoherentLimits,
): CoherentIndex {
  const memory = <T extends string | true>(entriesMax: number) =>
    createReadMemory<T>(entriesMax, feed, monotonicMs, limits.messagesAgeMsMax);
  const present = memory<string>(limits.entriesMax);
  const absent = memory<true>(limits.absentMax);
  /** Entries that may not be there any more, after the feed was lost or the store emptied. */
  const unverified = new LRUCache<string, string>({ max: limits.entriesMax });
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
        if (value === undefined) absent.keep(name, true);
        else present.keep(name, value);
      }
      return value;
    } catch (cause) {
      const last = present.getOld(name) ?? unverified.get(name);
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
        if (value !== undefined) return value;
        if (absent.get(name)) return undefined;
      }
      const underway = reads.get(name);
      if (underway !== undefined && !underway.dirty) return underway.answer;
      if (reads.size >= limits.readsMax) {
        const last = present.getOld(name) ?? unverified.get(name);
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
