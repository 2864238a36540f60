/** Every bound of the decision, with its unit. All are configured: src/server/limits.ts. */

/** Limits of verification. */
export interface VerifyLimits {
  /** Longest Authorization header value, in bytes. */
  headerBytesMax: number;
  /** Deepest nesting of a JWT's claims. */
  claimsDepthMax: number;
  /** How far an `iat` may lie in the future, in seconds: the clocks of those who sign differ. */
  iatSkewSecondsMax: number;
  /** Longest time a caller may reuse a verdict that it cannot see revoked, in milliseconds. */
  cacheTtlMsMax: number;
  /** Within how long a revocation is seen, in milliseconds: a caller's reuse must end within it too. */
  leaseMs: number;
}
