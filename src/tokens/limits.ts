/** Limits of changes and of counting uses. src/server/limits.ts sets the configured ones. */

/** Limits of changes. */
export interface ChangeLimits {
  /** Most attempts at a change while others change the same access token. */
  attemptsMax: number;
  /** How long a repeated request still gets the token or secret, in milliseconds. */
  replyMs: number;
  /** How long a request id is stored, in milliseconds. */
  requestMs: number;
  /** Most JWTs and subjects that can be revoked by name per access token. */
  revokedJwtsMax: number;
}

/** Limits of changes that no setting changes. */
export const fixedChangeLimits = {
  /** A change that lost eight races in a row would probably lose the next one too. */
  attemptsMax: 8,
  /** As the API promises: ten minutes. */
  replyMs: 600_000,
  /** As the API promises: a day. */
  requestMs: 86_400_000,
} as const satisfies Partial<ChangeLimits>;

/** Limits of the callers of Verify. */
export const callerTokenLimits = {
  /** Tokens of callers that are let in without a look-up: more than services ask Usher. */
  keptMax: 256,
} as const;

/** Limits of the directory by which lists search and sort. */
export interface DirectoryLimits {
  /** What it may hold, in bytes; 0 for no directory. */
  bytesMax: number;
  /** How long after its last use it is kept, in milliseconds. */
  idleMs: number;
  /** How old the times of last use may be by which it sorts, in milliseconds. */
  usageAgeMs: number;
  /** Records that are read in one go: verdicts wait for a millisecond or two. */
  readAtOnce: number;
  /** Searches that go on at a time. */
  searchesAtOnce: number;
  /** Searches that wait for these. */
  searchesWaitingMax: number;
}

/** Limits of the directory that no setting changes. */
export const fixedDirectoryLimits = {
  /** Someone who looks at a list comes back to it. */
  idleMs: 600_000,
  usageAgeMs: 60_000,
  readAtOnce: 64,
  searchesAtOnce: 4,
  searchesWaitingMax: 200,
} as const satisfies Partial<DirectoryLimits>;

/** Limits of looking up what a text belongs to. */
export const lookupLimits = {
  /** Access tokens searched per page. */
  examinedMax: 500,
  /** Those that are read in one go: their secrets are opened, which takes a millisecond or two. */
  readAtOnce: 50,
} as const;

/** Limits of counting uses. */
export interface UsageLimits {
  /** Interval at which counts are written, in milliseconds. */
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

/** What a count takes in memory, in bytes, with an address. */
export const usageCountBytes = 384;

/** Bounds of the sums in the audit log. */
export interface SumLimits {
  /** How often sums are written, in milliseconds; a crash loses those since the last write. */
  sumMs: number;
  /** Kinds of refused calls that are counted separately: by source, caller, method and reason. */
  kindsMax: number;
  /** Of these, kinds of one source and caller: a stranger must not take the room of others. */
  kindsPerOriginMax: number;
  /**
   * Callers and access tokens whose signed JWTs are counted: one more writes the counts at once, and those
   * beyond twice as many, where the store does not take them, are counted together.
   */
  issuersMax: number;
}

/** Bounds of the sums that no deployment sets. */
export const fixedSumLimits = {
  sumMs: 60_000,
  /** More than a caller by mistake has. With the sum of others, a stranger adds 9 x 61 an hour. */
  kindsPerOriginMax: 8,
  /** Some 2 MB at most. */
  issuersMax: 1000,
} as const satisfies Partial<SumLimits>;

/** Bounds of guessing. */
export interface GuessLimits {
  /** Attempts with a wrong credential that a source may make in a minute. */
  perMinuteMax: number;
  /** Attempts of a source that may be under way, with different credentials. */
  atOnceMax: number;
  /** What the counts of all sources may weigh, in bytes. */
  bytesMax: number;
  /** Sources of the admin token that are remembered. */
  adminSourcesMax: number;
}

/** Bounds of guessing that no deployment sets. */
export const fixedGuessLimits = {
  /** More than one who holds the admin token works from. */
  adminSourcesMax: 256,
} as const satisfies Partial<GuessLimits>;

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
