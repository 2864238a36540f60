/** What the error of a failed TLS handshake means. It imports nothing, so that browsers can use it. */

/** Why a handshake failed, as a client sees it. */
export type TlsFault =
  /** The server's certificate comes from an authority that is not trusted here. */
  | 'authority'
  /** The server's certificate has expired, or is not valid yet. */
  | 'time'
  /** The server's certificate names other hosts. */
  | 'name'
  /** The server does not speak TLS at this port. */
  | 'plain'
  /** The server wants a client certificate. */
  | 'wanted'
  /** The server refuses the client's certificate. */
  | 'refused'
  /** Client and server have no version of TLS or no cipher in common. */
  | 'version';

/** Codes of Node and of OpenSSL, as the start or a part of them. */
const faults: readonly (readonly [code: RegExp, fault: TlsFault])[] = [
  [/^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/, 'time'],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|ERR_TLS_CERT_ALTNAME_FORMAT|HOSTNAME_MISMATCH)$/, 'name'],
  [
    /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|CERT_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/,
    'authority',
  ],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/, 'plain'],
  [/^ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED$/, 'wanted'],
  [
    /^ERR_SSL_(TLSV1|SSLV3)_ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/,
    'refused',
  ],
  [
    /^ERR_SSL_((TLSV1|SSLV3)_ALERT_(PROTOCOL_VERSION|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY)|UNSUPPORTED_PROTOCOL|NO_CIPHER)/,
    'version',
  ],
];

/** The fault that an error or one of its causes names; undefined when TLS is not the reason. */
export function tlsFault(error: unknown): TlsFault | undefined {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    seen.add(each);
    const code = codeOf(each);
    const known = faults.find(([form]) => form.test(code));
    if (known !== undefined) return known[1];
  }
  return undefined;
}

/** Its code. A handshake that fails while something is written has OpenSSL's only in its text. */
function codeOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code !== 'EPROTO') return code;
  const [, reason = ''] = /SSL routines:[^:]*:([^:]+):/.exec(error.message) ?? [];
  return `ERR_SSL_${reason.toUpperCase().replaceAll(/[ /]/g, '_')}`;
}
