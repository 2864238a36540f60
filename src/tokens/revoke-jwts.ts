/**
 * Revokes JWTs of an access token that itself stays valid: one, a subject's, or all before a time.
 */

import type { AccessTokenRecord, RevokedJwts } from '../store/record.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { claimHashes, makeHashKey } from '../verify/revoked-jwts.ts';
import { TokenError } from './errors.ts';
import { checkText, fieldLimits, invalid } from './fields.ts';

/** Which JWTs of an access token to revoke. */
export type JwtTarget =
  | { jti: string }
  | { subject: string }
  /** Milliseconds since 1970. */
  | { issuedBefore: number };

/**
 * The record with a further revocation. `now` is in milliseconds since 1970; `revokedJwtsMax`
 * limits the revocations by `jti` and subject that a record can hold. Throws TokenError.
 */
export function withRevokedJwts(
  keys: MasterKeys,
  record: AccessTokenRecord,
  target: JwtTarget,
  now: number,
  revokedJwtsMax: number,
): AccessTokenRecord {
  if (record.kind !== 'jwt') {
    throw new TokenError('FAILED_PRECONDITION', 'the access token is static, so it has no JWTs');
  }
  const { id } = record;
  const revoked = record.revokedJwts ?? {};
  if ('issuedBefore' in target) {
    return { ...record, revokedJwts: add(revoked, target, now, revokedJwtsMax) };
  }
  const revokedJwts = { ...revoked, key: revoked.key ?? makeHashKey(keys, id) };
  const hashOf = (value: string) => claimHashes(keys, { id, revokedJwts }, value)[0] as string;
  return { ...record, revokedJwts: add(revokedJwts, target, now, revokedJwtsMax, hashOf) };
}

function add(
  revoked: RevokedJwts,
  target: JwtTarget,
  now: number,
  revokedJwtsMax: number,
  hashOf: (value: string) => string = value => value,
): RevokedJwts {
  if ('issuedBefore' in target) {
    if (!(target.issuedBefore > 0 && target.issuedBefore <= now)) {
      throw invalid('issued_before', 'must not be in the future');
    }
    return prune({
      ...revoked,
      issuedBefore: Math.max(revoked.issuedBefore ?? 0, target.issuedBefore),
    });
  }
  const held = Object.keys(revoked.ids ?? {}).length + Object.keys(revoked.subjects ?? {}).length;
  if (held >= revokedJwtsMax) {
    throw new TokenError(
      'RESOURCE_EXHAUSTED',
      `the access token holds ${revokedJwtsMax} revoked JWTs and subjects; revoke all JWTs ` +
        'issued before now instead',
    );
  }
  if ('jti' in target) {
    if (target.jti === '') throw invalid('jti', 'is empty');
    checkText('jti', target.jti, fieldLimits.jtiLengthMax);
    return { ...revoked, ids: { ...revoked.ids, [hashOf(target.jti)]: now } };
  }
  if (target.subject === '') throw invalid('subject', 'is empty');
  checkText('subject', target.subject, fieldLimits.subjectLengthMax);
  return { ...revoked, subjects: { ...revoked.subjects, [hashOf(target.subject)]: now } };
}

/** How far the signer's clock may be ahead, in milliseconds. */
const clockSkewMs = 3_600_000;

/** Removes revocations of JWTs that `issuedBefore` revokes too. */
function prune(revoked: RevokedJwts & { issuedBefore: number }): RevokedJwts {
  const keep = (made: Record<string, number> = {}, slackMs: number) =>
    Object.fromEntries(
      Object.entries(made).filter(([, time]) => time + slackMs > revoked.issuedBefore),
    );
  return {
    ...revoked,
    // A JWT revoked by `jti` had been issued by the time of its revocation, up to the clocks' skew.
    ids: keep(revoked.ids, clockSkewMs),
    subjects: keep(revoked.subjects, 0),
  };
}
