/** Errors that callers of the operations on access tokens can correct. */

/** Their kinds, named as gRPC status codes. */
export type TokenErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ABORTED'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'PERMISSION_DENIED';

/** What is wrong with a field of a request. */
export interface Violation {
  /** Its path, as in the proto: "scopes", "access_token.revision", "requests[3].audience". */
  field: string;
  /** What is wrong with it, as in "is required". */
  description: string;
}

/**
 * A caller's mistake. The message names the field and what is wrong with it; it holds no secret.
 */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;
  /** INVALID_ARGUMENT: the fields that are wrong, which the message names too. */
  readonly violations: readonly Violation[];
  /** When to try again, in milliseconds from now; absent where that is not known. */
  readonly retryAfterMs: number | undefined;
  constructor(
    code: TokenErrorCode,
    message: string,
    violations: readonly Violation[] = [],
    retryAfterMs?: number,
  ) {
    super(message);
    this.code = code;
    this.violations = violations;
    this.retryAfterMs = retryAfterMs;
  }
}
