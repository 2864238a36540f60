/** Word of changed records, and for how long silence may be taken for "nothing changed". */

/** Whoever keeps records in memory listens. */
export interface FeedListener {
  /** The record of this UUID changed, came or went. */
  changed(id: string): void;
  /** An entry of the index of imported tokens came: its digest, or the name of the forms. */
  importedChanged?(digest: string): void;
  /** Anything may have changed: the feed was interrupted, or the store was emptied. */
  changedAll(): void;
}

/** How a feed hears: by Redis' tracking, by messages that the writers publish, or from its own process. */
export type FeedKind = 'tracking' | 'messages' | 'local';

/** A feed of invalidations. */
export interface Feed {
  /** With 'messages', what is written past the store's own code is not told. */
  readonly kind: FeedKind;
  /**
   * Whether every change that was acknowledged longer than the lease ago has been announced here.
   * Ask at each use: it turns false by the passing of time alone, also across a stall of the process.
   */
  isLive(): boolean;
  /** How long ago the feed was asked, and answered, in milliseconds. */
  lagMs(): number;
  /** Tells until the returned function is called. */
  listen(listener: FeedListener): () => void;
  close(): Promise<void>;
}

/** A lease on the monotonic clock: it is renewed from the time a question was sent, not answered. */
export interface Lease {
  /** The feed answered a question that was sent at this time: all that came before has been heard. */
  renew(askedAtMs: number): void;
  /** The feed is lost. */
  end(): void;
  isLive(): boolean;
  /** How long ago it was last renewed for, in milliseconds. */
  ageMs(): number;
}

/** Makes a lease, not live yet. `monotonicMs` never jumps: `performance.now`. */
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
