/** What a store counts besides records: how often and when access tokens were used, and refused. */

import type { Awaitable } from './awaitable.ts';

/** Uses of one access token on one day, to add to its counts. */
export interface UsageDelta {
  /** What is counted: the UUID of an access token, or of one and a reason (see refusalsOf). */
  tokenId: string;
  /** The day in UTC, as in "2024-02-22". */
  date: string;
  /** Verifications with a valid verdict; with a reason: those that were refused for it. */
  count: number;
  /** When it was last used, in milliseconds since 1970. */
  lastUsedAt: number;
  /** The address from which it was last used; absent or undefined where it is not known or not kept. */
  lastUsedFrom?: string | undefined;
}

/** How often and when an access token was used. */
export interface Usage {
  /** Day in UTC, as in "2024-02-22" → count. */
  days: Record<string, number>;
  /** Milliseconds since 1970; absent when it was never used. */
  lastUsedAt?: number;
  /** The address of the last use; absent where it is not known or not kept. */
  lastUsedFrom?: string;
}

/**
 * Counts uses outside the records, so that counting never changes a revision. Throws Unavailable.
 */
export interface UsageCounter {
  /** Resolves to the deltas that were not added, which the caller may retry. */
  addUsage(deltas: UsageDelta[]): Promise<UsageDelta[]>;
  /** The usage of each id, in order; without days for one that was never used. */
  usage(tokenIds: string[]): Awaitable<Usage[]>;
}

/** The id under which the refusals of an access token for one reason are counted. */
export function refusalsOf(tokenId: string, reason: string): string {
  return `${tokenId}/${reason}`;
}
