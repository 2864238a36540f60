/** Reads the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken } from './static-token.ts';
import type { Reason } from './verdict.ts';

/** What the header holds, before anything was looked up. */
export type Credential =
  | { kind: 'static'; tokenId: string; token: string }
  | { kind: 'jwt'; tokenId: string; jwt: UnverifiedJwt };

/** Without backtracking: the header can be all blanks, and long. */
const bearer = /^bearer(?:[ \t]+([^ \t].*)?)?$/i;
/** RFC 9110's token68, which RFC 6750 calls b64token. A comma, as between joined headers, is not in it. */
const token68 = /^[A-Za-z0-9\-._~+/]+=*$/;
const jwtForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Finds the credential in a header, or the reason to refuse it. */
export function parseAuthorization(header: string, limits: VerifyLimits): Credential | Reason {
  if (header.length > limits.headerBytesMax) return 'MALFORMED_CREDENTIALS';
  const value = trimBlanks(header);
  if (value === '') return 'MISSING_CREDENTIALS';
  const scheme = bearer.exec(value);
  const token = scheme === null ? value : (scheme[1] ?? '');
  if (!token68.test(token)) return 'MALFORMED_CREDENTIALS';

  if (jwtForm.test(token)) {
    if (scheme === null) return 'MALFORMED_CREDENTIALS';
    const jwt = parseJwt(token);
    return typeof jwt === 'string' ? jwt : { kind: 'jwt', tokenId: jwt.kid, jwt };
  }
  const tokenId = parseStaticToken(token);
  return tokenId === undefined ? 'INVALID_TOKEN' : { kind: 'static', tokenId, token };
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
