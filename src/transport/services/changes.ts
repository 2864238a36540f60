/**
 * Retains the latest changes of access tokens, so that each watcher can read from its own place.
 */

import { randomUUID } from 'node:crypto';
import type { Feed } from '../../store/feed.ts';

const uuidLength = 36;

/** Consecutive changes. */
interface Stretch {
  /** UUIDs of access tokens. */
  ids: string[];
  /** The place after them. */
  next: number;
}

/** The latest changes. A place is the number of changes before it since the process started. */
export interface Changes {
  /** UUID of this server process: places are meaningless to any other. */
  readonly instance: string;
  /** The place after the latest change. */
  end(): number;
  /** How many changes are retained. */
  readonly retainedCount: number;
  /** Up to `idsMax` changes from a place on; undefined when some are no longer retained. */
  from(place: number, idsMax: number): Stretch | undefined;
  /**
   * The time on the monotonic clock up to which every acknowledged change is included; undefined
   * while the feed is down.
   */
  heardMs(): number | undefined;
  /** Calls the listener after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/**
 * Follows a feed from the first listener on, until the feed is closed. Retains `keptMax` changes;
 * `monotonicMs` is `performance.now`.
 */
export function createChanges(
  feed: Omit<Feed, 'close'>,
  backlogMax: number,
  monotonicMs: () => number,
): Changes {
  const listeners = new Set<() => void>();
  /** A ring buffer: the change at place n has the index n modulo `keptMax`. */
  const ring: string[] = [];
  let end = 0;
  /** The earliest place that is still retained. */
  let start = 0;
  let isFollowing = false;

  const tell = () => {
    for (const listener of listeners) listener();
  };
  const follow = () =>
    feed.listen({
      changed(id) {
        // Someone else's key in Redis can have any length; no access token is meant.
        if (id.length > uuidLength) return;
        ring[end % backlogMax] = id;
        end++;
        start = Math.max(start, end - backlogMax);
        tell();
      },
      changedAll() {
        end++;
        start = end;
        ring.length = 0;
        tell();
      },
    });

  return {
    instance: randomUUID(),
    get retainedCount() {
      return end - start;
    },
    end: () => end,
    from(place, idsMax) {
      if (place < start || place > end) return undefined;
      const next = Math.min(end, place + idsMax);
      const ids: string[] = [];
      for (let at = place; at < next; at++) ids.push(ring[at % backlogMax] ?? '');
      return { ids, next };
    },
    heardMs: () => (feed.isLive() ? monotonicMs() - feed.lagMs() : undefined),
    onChange(listener) {
      // Before the first watcher there is no place to resume from, so nothing needs retaining.
      if (!isFollowing) follow();
      isFollowing = true;
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
