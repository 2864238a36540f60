/** The error that says a verdict cannot be known: answer 503, never 401 and never the request itself. */

import { Code, ConnectError } from '@connectrpc/connect';

/** Thrown when no Usher could give the verdict in time. The message holds no token. */
export class UsherUnavailable extends Error {
  override readonly name = 'UsherUnavailable';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** What a connection that broke is told as. */
export function brokenConnection(): ConnectError {
  return new ConnectError('the connection broke', Code.Unavailable);
}

/** Whether another attempt may do better: nobody answered, or the answer was UNAVAILABLE. */
export function isUnavailable(error: unknown): boolean {
  const { code, cause } = ConnectError.from(error, Code.Unknown);
  if (code === Code.Unavailable || code === Code.Aborted || code === Code.Canceled) return true;
  // What a server says has no cause; what is wrong with the connection has.
  return cause !== undefined && code !== Code.DeadlineExceeded;
}
