/** Limits of the API Manager. src/server/limits.ts sets the configured ones. */

/** Limits of the API Manager's sessions and login codes. */
export interface ManagerLimits {
  /** Longest lifetime of a session, in milliseconds. */
  sessionLifetimeMs: number;
  /** A session ends after this long without use, in milliseconds. */
  sessionIdleMs: number;
  /** A session's cookie is renewed when it is older than this, in milliseconds. */
  sessionRenewAfterMs: number;
  /** Lifetime of a one-time login code, in milliseconds. */
  loginCodeLifetimeMs: number;
  /** Most login codes that are unused at a time; one more drops the oldest. */
  loginCodesMax: number;
  /** How long after a sign-in a passkey can be added without showing one again, in milliseconds. */
  freshSignInMs: number;
  /** Largest body of a sign-in request, in bytes. */
  signInBodyBytesMax: number;
}

/** Limits that no setting changes. */
export const fixedManagerLimits = {
  /** A new cookie with each answer would be wasteful; the idle time is exact to a minute. */
  sessionRenewAfterMs: 60_000,
  /** As the welcome says: within ten minutes. */
  loginCodeLifetimeMs: 600_000,
  /** Operators create them one at a time. */
  loginCodesMax: 16,
  /** An invited person adds their passkeys now; a page that is left open does not stay that strong. */
  freshSignInMs: 600_000,
} as const satisfies Partial<ManagerLimits>;
