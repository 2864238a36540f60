/** JWTs revoked one by one, by subject or by time, while their access token stays good. */

import { hash } from 'node:crypto';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Claims } from './jwt.ts';

/** How a `jti` or `sub` stands in a record: hashed, since claims are not for the store to read. */
export function claimHash(tokenId: string, value: string): string {
  return hash('sha256', `${tokenId}\0${value}`, 'base64url').slice(0, 22);
}

/** Whether a JWT is among the revoked ones. One without `iat` was issued before any time. */
export function isJwtRevoked(record: AccessTokenRecord, claims: Claims): boolean {
  const revoked = record.revokedJwts;
  if (revoked === undefined) return false;
  const issuedBefore = (time: number | undefined) =>
    time !== undefined && (claims.iat === undefined || claims.iat * 1000 < time);
  if (issuedBefore(revoked.issuedBefore)) return true;
  if (
    claims.jti !== undefined &&
    revoked.ids !== undefined &&
    Object.hasOwn(revoked.ids, claimHash(record.id, claims.jti))
  ) {
    return true;
  }
  return issuedBefore(revoked.subjects?.[claimHash(record.id, claims.subject)]);
}
