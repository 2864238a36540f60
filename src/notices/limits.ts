/** Limits of notices, none of which a deployment sets. Times are in milliseconds. */

/** Limits of notices. */
export interface NoticeLimits {
  /** How often an access token that reaches its limits is noted. */
  limitEveryMs: number;
  /** For how long the bell shows that. */
  limitKeepMs: number;
  /** An access token that expires within this time is shown, */
  expiringMs: number;
  /** if it was used within this time. */
  usedMs: number;
  /** A webhook whose deliveries fail for so long is shown. */
  failingMs: number;
  /** For how long an answer is kept. */
  freshMs: number;
  /** Access tokens that are examined. */
  examinedMax: number;
  /** Expiring access tokens that are named; the others are counted. */
  namedMax: number;
  /** Most notices. */
  noticesMax: number;
  /** Pages of as many documents of a kind that are read for those that the caller may see. */
  pagesMax: number;
  /** Answers that are kept: of as many sets of owners. */
  answersMax: number;
}

const dayMs = 86_400_000;

/** The limits. */
export const noticeLimits: NoticeLimits = {
  limitEveryMs: 3_600_000,
  limitKeepMs: dayMs,
  expiringMs: 14 * dayMs,
  usedMs: 30 * dayMs,
  failingMs: 600_000,
  freshMs: 15_000,
  examinedMax: 1000,
  namedMax: 5,
  noticesMax: 100,
  pagesMax: 20,
  answersMax: 200,
};

/** Bounds of noting limits in a process. */
export const limitNoteLimits = {
  /** Access tokens that are noted in a minute; the others are, when they go on. */
  perMinuteMax: 60,
  /** Access tokens that are remembered, some 100 bytes each. */
  rememberedMax: 10_000,
} as const;
