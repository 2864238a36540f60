/** Checks a token whose hash or signature was correct: time, revocation, audience, scope. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { Claims } from './claims.ts';
import type { VerifyLimits } from './limits.ts';
import type { MasterKeys } from './master-keys.ts';
import { isJwtRevoked } from './revoked-jwts.ts';
import type { Identity, Refusal } from './verdict.ts';

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
    jti: claims?.jti ?? '',
    // A JWT's `scope` can only narrow the access token's scopes: the signer must not widen them.
    scopes: claims?.scopes?.filter(scope => record.scopes.includes(scope)) ?? record.scopes,
    exp: ends.length === 0 ? 0 : Math.min(...ends),
    ...(claims === undefined ? {} : { claims: claims.all }),
    ...(record.metadata === undefined ? {} : { metadata: record.metadata }),
    revision: record.revision,
  };
}

/**
 * The first refusal, in the order of the verdict table; undefined for a valid token. `now`
 * is in milliseconds since 1970. Throws Unavailable when the record's revocations cannot be read.
 */
export function judge(
  record: AccessTokenRecord,
  claims: Claims | undefined,
  identity: Identity,
  { audience, requiredScopes }: Requirements,
  now: number,
  { keys, limits }: { keys: MasterKeys; limits: VerifyLimits },
): Refusal | undefined {
  const seconds = now / 1000;
  if (claims !== undefined) {
    const lifetime = claims.exp - (claims.iat ?? seconds);
    if (lifetime > (record.jwtLifetimeMaxSeconds ?? Number.POSITIVE_INFINITY)) {
      return { reason: 'MALFORMED_CLAIM', claim: 'exp' };
    }
    const latest = seconds + limits.clockSkewSecondsMax;
    if ((claims.nbf ?? 0) > latest || (claims.iat ?? 0) > latest) return notYetValid;
    if (claims.exp <= seconds) return expired;
  }
  if (record.expiresAt !== undefined && record.expiresAt <= now) return expired;
  if (record.revokedAt !== undefined) return revoked;
  if (claims !== undefined) {
    if (isJwtRevoked(keys, record, claims)) return revoked;
    if (audience !== '' && !claims.audience.includes(audience)) return wrongAudience;
    if (record.audiences !== undefined && !isWithin(claims.audience, record.audiences)) {
      return wrongAudience;
    }
  }
  return requiredScopes.every(scope => identity.scopes.includes(scope))
    ? undefined
    : { reason: 'INSUFFICIENT_SCOPE' };
}

const notYetValid: Refusal = { reason: 'NOT_YET_VALID' };
const expired: Refusal = { reason: 'EXPIRED' };
const revoked: Refusal = { reason: 'REVOKED' };
const wrongAudience: Refusal = { reason: 'WRONG_AUDIENCE' };

function isWithin(named: readonly string[], allowed: readonly string[]): boolean {
  return named.length > 0 && named.every(name => allowed.includes(name));
}
