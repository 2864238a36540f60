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

/** Limits of counting uses. */
export interface UsageLimits {
  /** Interval at which counts are written, in milliseconds. */
  flushMs: number;
  /** Most access tokens with unwritten counts; reaching it writes at once. */
  pendingMax: number;
}

/** Limits of counting uses; no setting changes them. */
export const fixedUsageLimits: UsageLimits = {
  /** A crash loses the counts since the last write at most. */
  flushMs: 3000,
  /** Some 10 MB. */
  pendingMax: 50_000,
};

/** Most refused calls a minute that get an audit entry each: a flood must not fill the store. */
export const refusalsPerMinuteMax = 600;
