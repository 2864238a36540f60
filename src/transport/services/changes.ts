/** The latest changes of access tokens, so that many watchers can read on from where each of them is. */

import { randomUUID } from 'node:crypto';
import type { Feed } from '../../store/feed.ts';

/** Changes behind a place. */
interface Stretch {
  /** UUIDs of access tokens. */
  ids: string[];
  /** The place behind them. */
  next: number;
}

/** The latest changes, numbered from the start of this process. */
export interface Changes {
  /** UUID of this server instance: its places mean nothing to another one. */
  readonly instance: string;
  /** The place behind the latest change. */
  end(): number;
  /** At most so many changes from a place on; undefined when they are not all kept any more. */
  from(place: number, idsMax: number): Stretch | undefined;
  /**
   * Until when, on the monotonic clock, every acknowledged change is among these; undefined when that
   * is not known.
   */
  heardMs(): number | undefined;
  /** Calls back after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** Follows a feed from the first listener on, until the feed is closed. `monotonicMs` is `performance.now`. */
export function createChanges(
  feed: Omit<Feed, 'close'>,
  keptMax: number,
  monotonicMs: () => number,
): Changes {
  const listeners = new Set<() => void>();
  /** The change of place n is at n modulo its length. */
  const ring: string[] = [];
  let end = 0;
  /** The earliest place to go on from. */
  let start = 0;
  let isFollowing = false;

  const tell = () => {
    for (const listener of listeners) listener();
  };
  const follow = () =>
    feed.listen({
      changed(id) {
        ring[end % keptMax] = id;
        end++;
        start = Math.max(start, end - keptMax);
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
    end: () => end,
    from(place, idsMax) {
      if (place < start || place > end) return undefined;
      const next = Math.min(end, place + idsMax);
      const ids: string[] = [];
      for (let at = place; at < next; at++) ids.push(ring[at % keptMax] ?? '');
      return { ids, next };
    },
    heardMs: () => (feed.isLive() ? monotonicMs() - feed.heardMsAgo() : undefined),
    onChange(listener) {
      // What changed before someone listened was told to nobody, and nobody resumes from there.
      if (!isFollowing) follow();
      isFollowing = true;
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
