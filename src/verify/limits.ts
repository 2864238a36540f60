/** Limits of verification. src/server/limits.ts sets all of them from the settings. */

/** Limits of verification. */
export interface VerifyLimits {
  /** Longest Authorization header value, in bytes. */
  headerBytesMax: number;
  /** Deepest nesting of a JWT's claims. */
  claimsDepthMax: number;
  /** How far `nbf` and `iat` may be in the future, in seconds, since the signers' clocks differ. */
  clockSkewSecondsMax: number;
  /** Longest time that a caller without invalidations may reuse a verdict, in milliseconds. */
  cacheTtlMsMax: number;
  /**
   * Longest time that a revocation takes to reach all callers, their reuse included, in
   * milliseconds.
   */
  leaseMs: number;
}
