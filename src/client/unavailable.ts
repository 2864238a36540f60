/** Errors of unavailable servers. */

import { Code, ConnectError } from '@connectrpc/connect';
import { type TlsFault, tlsFault } from '../tls/fault.ts';
import { isRefusal } from './caller-token.ts';

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

/** What there is to do about a failed handshake with an address. */
const tlsTexts: Record<TlsFault, string> = {
  authority: 'has a certificate of an unknown authority: give its CA as tls.ca',
  time: 'has a certificate that is not valid at this time: renew it there, or set the clock here',
  name: 'has a certificate for other names: use an address that it names',
  plain: 'does not speak TLS at this port: write http://, or the port for TLS',
  wanted: 'wants a client certificate: give tls.cert and tls.key',
  refused:
    'refuses the client certificate in tls.cert: renew it, or have an authority sign it that Usher trusts',
  version: 'has no version of TLS or no cipher in common with this client',
};

/** Why there is no verdict, for the person who operates the service. */
export function unavailableText(error: unknown, link?: { address: string }): string {
  const fault = tlsFault(error);
  if (fault !== undefined && link !== undefined) {
    return `the verdict cannot be known: ${link.address} ${tlsTexts[fault]}`;
  }
  if (isRefusal(error))
    return `the verdict cannot be known: Usher refuses the caller: ${error.rawMessage}`;
  return 'the verdict cannot be known; ask again';
}
