/** Errors that callers of the operations on access tokens can correct. */

/** Their kinds, named as gRPC status codes. */
export type TokenErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ABORTED'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'PERMISSION_DENIED';

/**
 * A caller's mistake. The message names the field and what is wrong with it; it holds no secret.
 */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;
  constructor(code: TokenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
