/** Bounds of changes and of counting, with their units. What is configured: src/server/limits.ts. */

/** Bounds of changes. */
export interface ChangeLimits {
  /** How often a change is tried again when others change the same access token. */
  attemptsMax: number;
  /** How long a repeated request is answered with its token or secret, in milliseconds. */
  replyMs: number;
  /** How long a request id is remembered, in milliseconds. */
  requestMs: number;
  /** JWTs and subjects that one access token can hold as revoked by name. */
  revokedJwtsMax: number;
}

/** Bounds of changes that no deployment sets. */
export const fixedChangeLimits = {
  /** A change that lost eight times in a row would go on to lose. */
  attemptsMax: 8,
  /** As the API promises: ten minutes. */
  replyMs: 600_000,
  /** As the API promises: a day. */
  requestMs: 86_400_000,
} as const satisfies Partial<ChangeLimits>;

/** Bounds of counting. */
export interface UsageLimits {
  /** How often counts are written, in milliseconds. */
  flushMs: number;
  /**
   * Access tokens, each day counted apart, whose counts wait to be written; half of them are written
   * at once. Beyond it the oldest day is dropped.
   */
  pendingMax: number;
}

/** Bounds of counting that no deployment sets. */
export const fixedUsageLimits = {
  /** A crash loses the counts since the last write at most. */
  flushMs: 3000,
} as const satisfies Partial<UsageLimits>;

/** What a count takes in memory, in bytes. */
export const usageCountBytes = 256;

/** Refused calls that are put into the audit log a minute: a flood must not fill the store. */
export const refusalsPerMinuteMax = 600;
