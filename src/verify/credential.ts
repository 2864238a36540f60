/** Parses the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { bearer, trimBlanks } from '../caching/canonical-header.ts';
import { parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken, staticTokenPrefix } from './static-token.ts';
import { counted, type Trace } from './trace.ts';
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
export function parseAuthorization(
  header: string,
  limits: VerifyLimits,
  trace?: Trace,
): Credential | Reason {
  const malformed = (fault: string): Reason => {
    trace?.('header', false, fault);
    return 'MALFORMED_CREDENTIALS';
  };
  if (header.length > limits.headerBytesMax) {
    return malformed(`longer than USHER_HEADER_BYTES_MAX, ${limits.headerBytesMax} bytes`);
  }
  const value = trimBlanks(header);
  if (value === '') {
    trace?.('header', false, 'missing, or empty');
    return 'MISSING_CREDENTIALS';
  }
  const scheme = bearer.exec(value);
  const token = scheme === null ? value : (scheme[1] ?? '');
  if (token === '') return malformed('the scheme Bearer without a token');
  if (!visible.test(token)) {
    return malformed('a space, comma, quote or other character that no token holds');
  }

  const isJwt = jwtForm.test(token);
  if (isJwt && scheme === null) return malformed('a JWT without the scheme Bearer');
  trace?.('header', true, `one credential of ${counted(token.length, 'character')}`);
  if (isJwt) {
    const jwt = parseJwt(token, trace);
    return typeof jwt === 'string' ? jwt : { kind: 'jwt', tokenId: jwt.kid, jwt };
  }
  const tokenId = parseStaticToken(token);
  if (tokenId !== undefined) {
    trace?.('form', true, 'a static token of Usher with a right checksum');
    return { kind: 'static', tokenId, token };
  }
  if (mayBeImported(token)) {
    trace?.('form', true, 'neither a JWT nor a token of Usher, so it can be an imported one');
    return { kind: 'static', tokenId, token };
  }
  trace?.(
    'form',
    false,
    'a static token of Usher with a wrong length or checksum, as after a typo',
  );
  return 'INVALID_TOKEN';
}

/**
 * Whether a token can be an imported one: it looks like neither a JWT nor a token of Usher's own.
 */
export function mayBeImported(token: string): boolean {
  return visible.test(token) && !jwtForm.test(token) && !token.startsWith(staticTokenPrefix);
}
