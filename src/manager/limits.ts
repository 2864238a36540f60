/** Every bound of the API Manager's sessions, with its unit. Settings: config.ts. */

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

/** What a deployment gets that sets nothing. */
export const defaultManagerLimits: ManagerLimits = {
  sessionLifetimeMs: 12 * 3_600_000,
  sessionIdleMs: 3_600_000,
  sessionRenewAfterMs: 60_000,
  loginCodeLifetimeMs: 600_000,
  loginCodesMax: 16,
  signInBodyBytesMax: 16_384,
};
