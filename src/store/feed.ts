/**
 * The feed of invalidations, and the lease that bounds how long cached records outlive its silence.
 */

/** Implemented by caches of records. */
export interface FeedListener {
  /** The record of this UUID was created, changed or deleted. */
  changed(id: string): void;
  /** An entry was added to the index of imported tokens: a digest, or the name of the forms. */
  importedChanged?(digest: string): void;
  /** Any record may have changed: the feed was interrupted, or the store was emptied. */
  changedAll(): void;
}

/**
 * Where a feed gets its changes: from Redis' client tracking, from messages that writers publish,
 * or from the log of the embedded store.
 */
export type FeedKind = 'tracking' | 'messages' | 'local';

/** A feed of invalidations. */
export interface Feed {
  /** With 'messages', writes by others than Usher go unnoticed. */
  readonly kind: FeedKind;
  /**
   * Whether every change acknowledged more than a lease ago was announced. Call it at each use: it
   * becomes false by the passing of time alone, also during a stall of the process.
   */
  isLive(): boolean;
  /** Age in milliseconds of the last request that the feed answered. */
  lagMs(): number;
  /** Calls the listener until the returned function is called. */
  listen(listener: FeedListener): () => void;
  /** Ends the feed; it is not live afterwards. */
  close(): Promise<void>;
}

/** A lease on the monotonic clock. It runs from when a request was sent, not from its answer. */
export interface Lease {
  /** The feed answered a request sent at this time: all changes before it were announced. */
  renew(askedAtMs: number): void;
  /** The feed is lost: the lease ends now. */
  end(): void;
  /** Whether the lease has not run out. */
  isLive(): boolean;
  /** Age in milliseconds of the last request that renewed it. */
  ageMs(): number;
}

/** Creates a lease, not live yet. `monotonicMs` is a clock that never jumps, `performance.now`. */
export function createLease(leaseMs: number, monotonicMs: () => number): Lease {
  let until = Number.NEGATIVE_INFINITY;
  let asked = Number.NEGATIVE_INFINITY;
  return {
    renew(askedAtMs) {
      asked = Math.max(asked, askedAtMs);
      until = Math.max(until, askedAtMs + leaseMs);
    },
    end() {
      until = Number.NEGATIVE_INFINITY;
    },
    isLive: () => monotonicMs() < until,
    ageMs: () => monotonicMs() - asked,
  };
}
