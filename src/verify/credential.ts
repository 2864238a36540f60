/** Reads the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken } from './static-token.ts';
import type { Reason } from './verdict.ts';

/** What the header holds, before anything was looked up. */
export type Credential =
  | { kind: 'static'; tokenId: string; token: string }
  | { kind: 'jwt'; tokenId: string; jwt: UnverifiedJwt };

const bearer = /^bearer(?:[ \t]+(.*))?$/i;
/** RFC 9110's token68, which RFC 6750 calls b64token. A comma, as between joined headers, is not in it. */
const token68 = /^[A-Za-z0-9\-._~+/]+=*$/;
const jwtForm = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Finds the credential in a header, or the reason to refuse it. */
export function parseAuthorization(header: string, limits: VerifyLimits): Credential | Reason {
  const value = header.replace(/^[ \t]+|[ \t]+$/g, '');
  if (value === '') return 'MISSING_CREDENTIALS';
  if (value.length > limits.headerBytesMax) return 'MALFORMED_CREDENTIALS';
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
