/** Revokes a JWT that is given as a whole: by what names it, once it is proven to be one. */

import type { AccessTokenRecord } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import { readClaims } from '../verify/claims.ts';
import {
  importJwtKey,
  isSignedWith,
  jwtDigest,
  parseJoseHeader,
  parseJwt,
  type UnverifiedJwt,
} from '../verify/jwt.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { invalid } from './fields.ts';

/** Deepest claims that are read: the most that USHER_CLAIMS_DEPTH_MAX can be. */
const claimsDepthMax = 64;

/** The JWT in a text. Throws INVALID_ARGUMENT for what is none, or has no `kid`. */
export function wholeJwt(text: string): UnverifiedJwt {
  const isForm = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
  const header = isForm ? parseJoseHeader(text) : undefined;
  const jwt = header && parseJwt(text, header);
  if (jwt === undefined || typeof jwt === 'string') {
    throw invalid('jwt', 'is not a whole JWT of HS256 with a kid');
  }
  return jwt;
}

/**
 * What names a JWT of this access token: its `jti`, or its digest. Throws INVALID_ARGUMENT unless one of
 * the secret keys signed it.
 */
export function nameOfJwt(
  keys: MasterKeys,
  record: AccessTokenRecord,
  text: string,
): { jti: string } | { digest: string } {
  const jwt = wholeJwt(text);
  const isOwn = record.secrets.some(secret => {
    try {
      return isSignedWith(jwt, importJwtKey(keys.open(secret, record.id), secret.encoding));
    } catch (error) {
      if (error instanceof Unavailable) return false;
      throw error;
    }
  });
  if (jwt.kid !== record.id || !isOwn) {
    throw invalid('jwt', 'was not signed with a secret key of this access token');
  }
  const claims = readClaims(jwt, claimsDepthMax);
  if ('reason' in claims || !claims.jti) return { digest: jwtDigest(jwt.signingInput) };
  return { jti: claims.jti };
}
