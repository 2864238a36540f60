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
  /** Access tokens counted between two writes; reaching it writes at once. */
  pendingMax: number;
}

/** Bounds of counting; no deployment sets one. */
export const fixedUsageLimits: UsageLimits = {
  /** A crash loses the counts since the last write at most. */
  flushMs: 3000,
  /** Some 10 MB. */
  pendingMax: 50_000,
};

/** Bounds of the sums in the audit log. */
export interface SumLimits {
  /** How often sums are written, in milliseconds; a crash loses those since the last write. */
  sumMs: number;
  /** Kinds of refused calls that are told apart: by source, caller, method and reason. */
  kindsMax: number;
  /** Of these, kinds of one source and caller: a stranger must not take the room of others. */
  kindsPerOriginMax: number;
  /** Callers and access tokens whose signed JWTs are counted; one more writes the counts at once. */
  issuersMax: number;
}

/** Bounds of the sums that no deployment sets. */
export const fixedSumLimits = {
  sumMs: 60_000,
  /** More than a caller by mistake has. With the sum of others, a stranger adds 9 x 61 an hour. */
  kindsPerOriginMax: 8,
  /** Some 1 MB. */
  issuersMax: 1000,
} as const satisfies Partial<SumLimits>;

/** Bounds of the audit log's retention. */
export interface RetentionLimits {
  /** Age in days from which entries are removed; 0 keeps them. */
  days: number;
  /** How often old entries are looked for, in milliseconds. */
  everyMs: number;
  /** Entries that are read, and removed, in one step. */
  pageSize: number;
  /** Entries removed in one run, at most by a page more: the rest is left to the next. */
  removedMax: number;
}

/** Bounds of the retention that no deployment sets. */
export const fixedRetentionLimits = {
  everyMs: 3_600_000,
  /** A step takes a few milliseconds, in which an embedded store does not write for others. */
  pageSize: 500,
  removedMax: 100_000,
} as const satisfies Partial<RetentionLimits>;
