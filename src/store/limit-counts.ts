/** What stores share of the counts against limits of access tokens. */

/**
 * How many slots that are over a store keeps: a replica whose clock is far ahead takes those of the others for
 * over, too.
 */
export const overSlotsMax = 12;

/** A count of one slot of time, which both have a number. */
export type SlotCount = readonly [slot: number, count: number];

/** What a replica counted against one limit, and asks about it. */
export interface LimitDelta {
  tokenId: string;
  /** The limit, and whose requests it counts where that is not the access token: no plain subject. */
  counter: string;
  /** Identifies what is added: the same number again, with the same counts, adds nothing. */
  sequence: number;
  /** What is added; empty to ask only. */
  added: readonly SlotCount[];
  /** What the caller knows of those slots: a store that has less has lost some of it. */
  known: readonly SlotCount[];
  /** Slots before this one are over, as far as the caller's clock knows: all but the latest are removed. */
  oldest: number;
  /** How long the store keeps the counts after this, in milliseconds. */
  keepMs: number;
}

/** The counts of one limit, of all replicas. */
export interface LimitTotals {
  slots: readonly SlotCount[];
  /** The store held what is no count; it was ignored and removed. */
  isBroken: boolean;
}

/** Shares the counts of limits between replicas. They are neither in the log nor in backups. */
export interface LimitCounter {
  /**
   * Adds what `replica`, a random name of this process, counted. Resolves to the totals of each delta, in
   * order; undefined for one that was perhaps not added, which the caller may repeat. Throws Unavailable
   * when that is so for all.
   */
  countLimits(replica: string, deltas: readonly LimitDelta[]): Promise<(LimitTotals | undefined)[]>;
}
