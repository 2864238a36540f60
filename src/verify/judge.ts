/** Checks a token whose hash or signature was correct: time, revocation, audience, scope. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { Claims } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import type { MasterKeys } from './master-keys.ts';
import { isJwtRevoked } from './revoked-jwts.ts';
import type { Identity, Reason } from './verdict.ts';

/** What a request requires of the token. */
export interface Requirements {
  /** "" requires none. */
  audience: string;
  /** The token must have all of them. */
  requiredScopes: readonly string[];
}

/** The identity of a token; `claims` are those of a JWT. */
export function identify(record: AccessTokenRecord, claims: Claims | undefined): Identity {
  const recordEnd = record.expiresAt === undefined ? 0 : Math.floor(record.expiresAt / 1000);
  const ends = [recordEnd, claims?.exp ?? 0].filter(end => end > 0);
  return {
    tokenId: record.id,
    kind: record.kind,
    owner: record.owner ?? '',
    subject: claims?.subject ?? '',
    // A JWT's `scope` can only narrow the access token's scopes: the signer must not widen them.
    scopes: claims?.scopes?.filter(scope => record.scopes.includes(scope)) ?? record.scopes,
    exp: ends.length === 0 ? 0 : Math.min(...ends),
    ...(claims === undefined ? {} : { claims: claims.all }),
    ...(record.metadata === undefined ? {} : { metadata: record.metadata }),
    revision: record.revision,
  };
}

/**
 * The first reason to refuse, in the order of the verdict table; undefined for a valid token. `now`
 * is in milliseconds since 1970. Throws Unavailable when the record's revocations cannot be read.
 */
export function judge(
  record: AccessTokenRecord,
  claims: Claims | undefined,
  identity: Identity,
  { audience, requiredScopes }: Requirements,
  now: number,
  { keys, limits }: { keys: MasterKeys; limits: VerifyLimits },
): Reason | undefined {
  const seconds = now / 1000;
  if (claims !== undefined) {
    const lifetime = claims.exp - (claims.iat ?? seconds);
    if (lifetime > (record.jwtLifetimeMaxSeconds ?? Number.POSITIVE_INFINITY)) {
      return 'INVALID_TOKEN';
    }
    if ((claims.nbf ?? 0) > seconds) return 'NOT_YET_VALID';
    if ((claims.iat ?? 0) > seconds + limits.iatSkewSecondsMax) return 'NOT_YET_VALID';
    if (claims.exp <= seconds) return 'EXPIRED';
  }
  if (record.expiresAt !== undefined && record.expiresAt <= now) return 'EXPIRED';
  if (record.revokedAt !== undefined) return 'REVOKED';
  if (claims !== undefined) {
    if (isJwtRevoked(keys, record, claims)) return 'REVOKED';
    if (audience !== '' && !claims.audience.includes(audience)) return 'WRONG_AUDIENCE';
    if (record.audiences !== undefined && !isWithin(claims.audience, record.audiences)) {
      return 'WRONG_AUDIENCE';
    }
  }
  return requiredScopes.every(scope => identity.scopes.includes(scope))
    ? undefined
    : 'INSUFFICIENT_SCOPE';
}

function isWithin(named: readonly string[], allowed: readonly string[]): boolean {
  return named.length > 0 && named.every(name => allowed.includes(name));
}
