/** Limits of the API Manager's sessions and login codes. */

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
  /** Largest body of a sign-in request, in bytes. */
  signInBodyBytesMax: number;
}

/** The limits when no setting changes them. */
export const defaultManagerLimits: ManagerLimits = {
  sessionLifetimeMs: 12 * 3_600_000,
  sessionIdleMs: 3_600_000,
  sessionRenewAfterMs: 60_000,
  loginCodeLifetimeMs: 600_000,
  loginCodesMax: 16,
  signInBodyBytesMax: 16_384,
};
