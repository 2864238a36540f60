/** Parses the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { bearer, trimBlanks } from '../caching/canonical-header.ts';
import { parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken, staticTokenPrefix } from './static-token.ts';
import type { Reason } from './verdict.ts';

/** Bounds of a header. */
export type HeaderLimits = Pick<VerifyLimits, 'headerBytesMax'>;

/** What the header holds, before any look-up or check of a signature. */
export type Credential =
  | { kind: 'static'; tokenId: string; token: string }
  | OpaqueToken
  | { kind: 'jwt'; tokenId: string; jwt: UnverifiedJwt };

/** Contains no UUID: an imported token, or none. */
interface OpaqueToken {
  kind: 'static';
  tokenId: undefined;
  token: string;
  /** Why it is refused when it is no imported token. */
  otherwise: Reason;
}

/**
 * Visible ASCII except the comma (which joins repeated headers) and the quote and backslash of
 * quoted strings. More than RFC 9110's token68, since imported tokens can use any of these
 * characters.
 */
const visible = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;
/** The same with spaces inside: tokens that other systems send behind a scheme of their own. */
const spaced =
  /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e][\x20\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]*[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]$/;
const jwtForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** The credential in a header, or the reason to refuse it. */
export function parseAuthorization(header: string, limits: HeaderLimits): Credential | Reason {
  if (header.length > limits.headerBytesMax) return 'MALFORMED_CREDENTIALS';
  const value = trimBlanks(header);
  if (value === '') return 'MISSING_CREDENTIALS';
  const scheme = bearer.exec(value);
  const token = scheme === null ? value : (scheme[1] ?? '');
  if (!visible.test(token)) {
    return spaced.test(token) ? opaque(token, 'MALFORMED_CREDENTIALS') : 'MALFORMED_CREDENTIALS';
  }
  if (jwtForm.test(token)) {
    const jwt = parseJwt(token);
    if (jwt === 'NOT_JOSE') return opaque(token, 'INVALID_TOKEN');
    if (scheme === null) return 'MALFORMED_CREDENTIALS';
    return typeof jwt === 'string' ? jwt : { kind: 'jwt', tokenId: jwt.kid, jwt };
  }
  const tokenId = parseStaticToken(token);
  if (tokenId !== undefined) return { kind: 'static', tokenId, token };
  return token.startsWith(staticTokenPrefix) ? 'INVALID_TOKEN' : opaque(token, 'INVALID_TOKEN');
}

function opaque(token: string, otherwise: Reason): OpaqueToken {
  return { kind: 'static', tokenId: undefined, token, otherwise };
}

/** Whether a token is read as that static token, with the scheme `Bearer` and without. */
export function isStaticToken(token: string, limits: HeaderLimits): boolean {
  return [token, `Bearer ${token}`].every(header => {
    const read = parseAuthorization(header, limits);
    return typeof read !== 'string' && read.kind === 'static' && read.token === token;
  });
}
