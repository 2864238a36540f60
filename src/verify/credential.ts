/** Parses the value of an Authorization header (RFC 9110 section 11.6.2, RFC 6750 section 2.1). */

import { bearer, trimBlanks } from '../caching/canonical-header.ts';
import { parseJoseHeader, parseJwt, type UnverifiedJwt } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { parseStaticToken, staticTokenPrefix } from './static-token.ts';
import { counted, type Trace } from './trace.ts';
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
export function parseAuthorization(
  header: string,
  limits: HeaderLimits,
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
  const isSpaced = !visible.test(token);
  if (isSpaced && !spaced.test(token)) {
    return malformed('a comma, quote or other character that no token holds');
  }
  const jose = jwtForm.test(token) ? parseJoseHeader(token) : undefined;
  if (jose !== undefined && scheme === null) return malformed('a JWT without the scheme Bearer');
  trace?.('header', true, `one credential of ${counted(token.length, 'character')}`);
  if (jose !== undefined) {
    const jwt = parseJwt(token, jose, trace);
    return typeof jwt === 'string' ? jwt : { kind: 'jwt', tokenId: jwt.kid, jwt };
  }
  const tokenId = parseStaticToken(token);
  if (tokenId !== undefined) {
    trace?.('form', true, 'a static token of Usher with a right checksum');
    return { kind: 'static', tokenId, token };
  }
  if (token.startsWith(staticTokenPrefix) && !isSpaced) {
    trace?.('form', false, 'a token of Usher with a wrong length or checksum, as after a typo');
    return 'INVALID_TOKEN';
  }
  trace?.('form', true, isSpaced ? spacedText : opaqueText);
  const otherwise = isSpaced ? 'MALFORMED_CREDENTIALS' : 'INVALID_TOKEN';
  return { kind: 'static', tokenId: undefined, token, otherwise };
}

const opaqueText = 'neither a JWT nor a token of Usher, so it can be an imported one';
const spacedText =
  'a space, but no Bearer before it: another scheme, or an imported token with a space';

/** Whether a token is read as that static token, with the scheme `Bearer` and without. */
export function isStaticToken(token: string, limits: HeaderLimits): boolean {
  return [token, `Bearer ${token}`].every(header => {
    const read = parseAuthorization(header, limits);
    return typeof read !== 'string' && read.kind === 'static' && read.token === token;
  });
}
