/**
 * The feed of the embedded store. It follows the audit log, which names every change of every
 * process, while it has listeners.
 */

import type { ChainedEvent, ChainHead } from '../audit.ts';
import { createLease, type Feed, type FeedListener } from '../feed.ts';
import type { LmdbLimits } from './limits.ts';

/** The audit log as the feed reads it. Both methods throw Unavailable. */
export interface FollowedLog {
  /** The last entry at this moment, not that of the snapshot of this turn of the event loop. */
  head(): ChainHead;
  /** At most `limit` entries after a sequence number, oldest first. */
  eventsAfter(sequence: number, limit: number): ChainedEvent[];
}

/** A feed that this process can have read the log at once. */
export interface LocalFeed extends Feed {
  /**
   * Announces new changes now. Called after a change of this process, before it is acknowledged.
   */
  look(): void;
}

/** Creates a feed of a log. `monotonicMs` is `performance.now`. */
export function lmdbFeed(
  log: FollowedLog,
  limits: LmdbLimits,
  monotonicMs: () => number,
): LocalFeed {
  const listeners = new Set<FeedListener>();
  const lease = createLease(limits.leaseMs, monotonicMs);
  let seen: ChainHead | undefined;
  /** The last read failed, so changes may have been missed. */
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
      // Changes are announced once the log can be read again; until then the lease is not renewed.
      missed = true;
    }
  };

  const tell = (from: ChainHead, to: ChainHead) => {
    const count = to.sequence - from.sequence;
    // A log that became shorter is another log: the store was restored from a backup.
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
  /** Without listeners no timer reads the log, so a call that asks for the feed's state does. */
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
    lagMs() {
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
