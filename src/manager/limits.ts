/** Every bound of the API Manager's sessions, with its unit. What is configured: src/server/limits.ts. */

/** Limits of the API Manager. */
export interface ManagerLimits {
  /** Longest life of a session, in milliseconds. */
  sessionLifetimeMs: number;
  /** A session that was not used for so long ends, in milliseconds. */
  sessionIdleMs: number;
  /** A session's cookie is made anew when it is older than this, in milliseconds. */
  sessionRenewAfterMs: number;
  /** How long a one-time login code is good, in milliseconds. */
  loginCodeLifetimeMs: number;
  /** How many login codes may be open at a time. */
  loginCodesMax: number;
  /** Longest body of a sign-in, in bytes. */
  signInBodyBytesMax: number;
}

/** Bounds that no deployment sets. */
export const fixedManagerLimits = {
  /** A cookie with each request would be waste; the idle time is correct to a minute. */
  sessionRenewAfterMs: 60_000,
  /** As the welcome says: within ten minutes. */
  loginCodeLifetimeMs: 600_000,
  /** One is made at a time, by an operator. */
  loginCodesMax: 16,
} as const satisfies Partial<ManagerLimits>;
