/** Whether a JWT is revoked by its `jti`, its subject or its time of issue. */

import { hash } from 'node:crypto';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Claims } from './jwt.ts';

/** The form of a `jti` or `sub` in a record: hashed, so that the store does not reveal claims. */
export function claimHash(tokenId: string, value: string): string {
  return hash('sha256', `${tokenId}\0${value}`, 'base64url').slice(0, 22);
}

/** Whether a record revokes a JWT. A JWT without `iat` counts as issued before any time. */
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
