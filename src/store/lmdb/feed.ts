/**
 * The feed of the embedded store: its audit log names every change, whichever process made it. Followed
 * only while someone listens.
 */

import type { ChainedEvent, ChainHead } from '../audit.ts';
import { createLease, type Feed, type FeedListener } from '../feed.ts';
import type { LmdbLimits } from './limits.ts';

/** What the feed reads. Both throw when the store cannot be read. */
export interface FollowedLog {
  /** The end of the log as it is now, not as it was when this turn of the event loop began. */
  head(): ChainHead;
  /** The entries behind a sequence number, oldest first. */
  eventsAfter(sequence: number, limit: number): ChainedEvent[];
}

/** A feed that can be told to look at once. */
export interface LocalFeed extends Feed {
  /** Tells what is new now: after a change of this process, before it is acknowledged. */
  look(): void;
}

/** Follows a log. `monotonicMs` is `performance.now`. */
export function lmdbFeed(
  log: FollowedLog,
  limits: LmdbLimits,
  monotonicMs: () => number,
): LocalFeed {
  const listeners = new Set<FeedListener>();
  const lease = createLease(limits.leaseMs, monotonicMs);
  let seen: ChainHead | undefined;
  /** What changed before the first look that succeeded is not known. */
  let missed = false;
  let timer: NodeJS.Timeout | undefined;

  const tellAll = () => {
    for (const listener of listeners) listener.changedAll();
  };

  const look = () => {
    const askedAtMs = monotonicMs();
    try {
      const head = log.head();
      if (missed && seen === undefined) tellAll();
      if (seen !== undefined && head.hash !== seen.hash) tell(seen, head);
      seen = head;
      missed = false;
      lease.renew(askedAtMs);
    } catch {
      // What is new is told once it can be read again; until then the lease runs out.
      missed = true;
    }
  };

  const tell = (from: ChainHead, to: ChainHead) => {
    const count = to.sequence - from.sequence;
    // A log that became shorter is another one: the store was put back from a backup.
    if (count <= 0 || count > limits.feedEntriesMax) return tellAll();
    for (const { tokenId } of log.eventsAfter(from.sequence, count)) {
      if (tokenId === '') continue;
      for (const listener of listeners) listener.changed(tokenId);
    }
  };

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    seen = undefined;
  };
  /** Without listeners nobody looks: whoever asks how the feed does makes it look. */
  const lookIfIdle = () => {
    if (timer === undefined) look();
  };

  return {
    kind: 'local',
    look() {
      if (timer !== undefined) look();
    },
    isLive() {
      lookIfIdle();
      return lease.isLive();
    },
    heardMsAgo() {
      lookIfIdle();
      return lease.ageMs();
    },
    listen(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        seen = undefined;
        look();
        timer = setInterval(look, limits.feedLookMs).unref();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
    },
    async close() {
      stop();
      lease.end();
      listeners.clear();
    },
  };
}
