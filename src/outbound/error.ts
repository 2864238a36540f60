/** Why a request of Usher itself failed. */

import { tlsFault } from '../tls/fault.ts';

/** What kind of failure it is. */
export type OutboundReason =
  /** The address is none that Usher may call, by its scheme, host or network. */
  | 'refused'
  /** The name has no address, or could not be looked up. */
  | 'name'
  /** No connection, or it broke. */
  | 'connection'
  /** The TLS handshake failed. */
  | 'tls'
  /** No complete answer within the time. */
  | 'time'
  /** The answer is too long, or is no HTTP. */
  | 'answer';

/**
 * Thrown when a request of Usher itself got no answer. The message is for operators and for users of the
 * API Manager: it names the host, says what to do, and has neither path nor query, which may hold secrets.
 */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly reason: OutboundReason;
  constructor(reason: OutboundReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

const tlsTexts: Record<NonNullable<ReturnType<typeof tlsFault>>, string> = {
  authority:
    'has a certificate of an authority that is not trusted here; name that authority with ' +
    'USHER_OUTBOUND_CA_FILE',
  time: 'has a certificate that expired or is not valid yet; renew it, or correct the clock',
  name: 'has a certificate for other names; use the name in its certificate',
  plain: 'does not speak TLS at this port; correct the port',
  wanted: 'wants a client certificate, which Usher has not; use another address',
  refused: 'refuses the TLS connection; look into its log',
  version: 'has no version of TLS or no cipher in common with Usher; update it',
};

/** What the error of a socket or of the HTTP parser means, for a request to this host. */
export function explainFailure(host: string, error: unknown): OutboundError {
  const fault = tlsFault(error);
  if (fault !== undefined) return new OutboundError('tls', `${host} ${tlsTexts[fault]}`, error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^HPE_|^ERR_HTTP/.test(code)) {
    return new OutboundError('answer', `${host} does not answer in HTTP; correct the port`, error);
  }
  const how = code === 'ECONNREFUSED' ? 'refuses connections' : 'cannot be reached';
  return new OutboundError(
    'connection',
    `${host} ${how}${code === '' ? '' : ` (${code})`}; check the host, the port and the network`,
    error,
  );
}
