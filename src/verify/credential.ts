/** Reads the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken, staticTokenPrefix } from './static-token.ts';
import type { Reason } from './verdict.ts';

/** What the header holds, before anything was looked up. */
export type Credential =
  | { kind: 'static'; tokenId: string; token: string }
  /** It names no access token: an imported one, if it is any. */
  | { kind: 'static'; tokenId: undefined; token: string }
  | { kind: 'jwt'; tokenId: string; jwt: UnverifiedJwt };

/** Without backtracking: the header can be all blanks, and long. */
const bearer = /^bearer(?:[ \t]+([^ \t].*)?)?$/i;
/**
 * Visible ASCII but for the comma, as between joined headers, and the quote and backslash of quoted
 * strings: more than RFC 9110's token68, since imported tokens have what their makers liked.
 */
const visible = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;
const jwtForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Finds the credential in a header, or the reason to refuse it. */
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

/** Whether a token has a form that an imported one may have: neither a JWT's nor that of Usher's own. */
export function mayBeImported(token: string): boolean {
  return visible.test(token) && !jwtForm.test(token) && !token.startsWith(staticTokenPrefix);
}

/** Without the spaces and tabs around it (RFC 9110 section 5.5). A regex would take quadratic time. */
export function trimBlanks(value: string): string {
  const isBlank = (at: number) => value[at] === ' ' || value[at] === '\t';
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return value.slice(start, end);
}
