/** Turns errors of the API into texts for users. */

import { Code, type ConnectError } from '@connectrpc/connect';

/** The title and text that users see for an error. */
export function explain(error: ConnectError): { title: string; text: string } {
  const text = error.rawMessage;
  switch (error.code) {
    case Code.Unavailable:
      return {
        title: 'The store cannot be reached',
        text: 'Nothing was lost. Try again in a moment.',
      };
    case Code.Unauthenticated:
      return { title: 'Your session has ended', text: 'Sign in again.' };
    case Code.PermissionDenied:
      return { title: 'You may not do this', text };
    case Code.NotFound:
      return { title: 'There is no such access token', text: 'It may belong to another owner.' };
    case Code.Aborted:
      return {
        title: 'Someone else changed it in the meantime',
        text: 'The page shows the new values now. Check them, and try again.',
      };
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
    case Code.ResourceExhausted:
      return { title: 'The server refused this', text };
    case Code.DeadlineExceeded:
      return { title: 'The server took too long', text: 'Try again: a change is applied once.' };
    default:
      return { title: 'The server cannot be reached', text: text || 'Try again in a moment.' };
  }
}
