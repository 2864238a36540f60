/** Parses the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { bearer, trimBlanks } from '../caching/canonical-header.ts';
import { parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken, staticTokenPrefix } from './static-token.ts';
import type { Reason } from './verdict.ts';

/** What the header holds, before any look-up or check of a signature. */
export type Credential =
  | { kind: 'static'; tokenId: string; token: string }
  /** Contains no UUID: an imported token, or none. */
  | { kind: 'static'; tokenId: undefined; token: string }
  | { kind: 'jwt'; tokenId: string; jwt: UnverifiedJwt };

/**
 * Visible ASCII except the comma (which joins repeated headers) and the quote and backslash of
 * quoted strings. More than RFC 9110's token68, since imported tokens can use any of these
 * characters.
 */
const visible = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;
const jwtForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** The credential in a header, or the reason to refuse it. */
export function parseAuthorization(header: string, limits: VerifyLimits): Credential | Reason {
  if (header.length > limits.headerBytesMax) return 'MALFORMED_CREDENTIALS';
  const value = trimBlanks(header);
  if (value === '') return 'MISSING_CREDENTIALS';
  const scheme = bearer.exec(value);
  const token = scheme === null ? value : (scheme[1] ?? '');
  if (!visible.test(token)) return 'MALFORMED_CREDENTIALS';

  if (jwtForm.test(token)) {
    if (scheme === null) return 'MALFORMED_CREDENTIALS';
    const jwt = parseJwt(token);
    return typeof jwt === 'string' ? jwt : { kind: 'jwt', tokenId: jwt.kid, jwt };
  }
  const tokenId = parseStaticToken(token);
  if (tokenId !== undefined) return { kind: 'static', tokenId, token };
  return mayBeImported(token) ? { kind: 'static', tokenId, token } : 'INVALID_TOKEN';
}

/**
 * Whether a token can be an imported one: it looks like neither a JWT nor a token of Usher's own.
 */
export function mayBeImported(token: string): boolean {
  return visible.test(token) && !jwtForm.test(token) && !token.startsWith(staticTokenPrefix);
}
