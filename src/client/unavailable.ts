/** Errors of unavailable servers. */

import { Code, ConnectError } from '@connectrpc/connect';

/**
 * Thrown when no server gave a verdict in time. Answer 503: the request must neither pass nor be
 * refused as unauthenticated. The message contains no token.
 */
export class UsherUnavailable extends Error {
  override readonly name = 'UsherUnavailable';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** The error for a broken connection. */
export function brokenConnection(): ConnectError {
  return new ConnectError('the connection broke', Code.Unavailable);
}

/** Whether a retry may succeed: the connection failed, or the answer was UNAVAILABLE. */
export function isUnavailable(error: unknown): boolean {
  const { code, cause } = ConnectError.from(error, Code.Unknown);
  if (code === Code.Unavailable || code === Code.Aborted || code === Code.Canceled) return true;
  // Errors of the connection have a cause, errors that a server sent have none.
  return cause !== undefined && code !== Code.DeadlineExceeded;
}
