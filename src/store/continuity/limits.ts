/** How far a replica remembers the log, and how soon it notices a loss. */

import type { TailLimits } from './tail.ts';

/** Limits of the continuity. */
export interface ContinuityLimits extends TailLimits {
  /** Within this time a replica notices a loss, in milliseconds; it looks four times as often. */
  leaseMs: number;
  /**
   * How long an empty store must stay empty before it is taken for a new one, in milliseconds. After
   * a loss, a replica waits half of it for others to tell what they knew; with 0 for none.
   */
  claimWaitMs: number;
}

/** How often a replica looks, whatever its settings. */
export const pace = {
  /** Checks before `confirm` fails. */
  looksMin: 3,
  /** The same when `doubt` is called during each, as while connections open. */
  looksMax: 20,
  /** How long after an announced change the log is read, in milliseconds: its entry comes last. */
  lookSoonMs: 25,
  /** Shortest interval of the checks, in milliseconds. */
  everyMsMin: 25,
} as const;
