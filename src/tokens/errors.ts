/** Errors of the access tokens' life: the caller's mistakes, told so that the caller can mend them. */

/** The kinds of mistake, named as gRPC names them. */
export type TokenErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ABORTED'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'PERMISSION_DENIED';

/** A mistake of the caller. The message names the field and what to do; it holds no secret. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;
  constructor(code: TokenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
