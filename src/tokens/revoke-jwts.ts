/**
 * Revokes JWTs of an access token that itself stays valid: one, a subject's, or all before a time.
 */

import type { AccessTokenRecord, RevokedJwts } from '../store/record.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { claimHashes, makeHashKey, nameByDigest } from '../verify/revoked-jwts.ts';
import { TokenError } from './errors.ts';
import { checkText, fieldLimits, invalid } from './fields.ts';
import { nameOfJwt, wholeJwt } from './whole-jwt.ts';

/** Which JWTs of an access token to revoke. */
export type JwtTarget =
  | { jti: string }
  /** A JWT without a `jti`, by its `jwtDigest`. */
  | { digest: string }
  /** A whole JWT: what names it is found out. */
  | { jwt: string }
  | { subject: string }
  /** Milliseconds since 1970. */
  | { issuedBefore: number };

/** Throws INVALID_ARGUMENT for a `jti` or subject that is empty or no text within limits. */
export function checkTarget(target: JwtTarget): void {
  if ('issuedBefore' in target || 'digest' in target) return;
  if ('jwt' in target) return void wholeJwt(target.jwt);
  const [field, text, lengthMax] =
    'jti' in target
      ? (['jti', target.jti, fieldLimits.jtiLengthMax] as const)
      : (['subject', target.subject, fieldLimits.subjectLengthMax] as const);
  if (text === '') throw invalid(field, 'is empty');
  checkText(field, text, lengthMax);
}

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
  const named = 'jwt' in target ? nameOfJwt(keys, record, target.jwt) : target;
  const revokedJwts = { ...revoked, key: revoked.key ?? makeHashKey(keys, id) };
  const hashOf = (value: string) => claimHashes(keys, { id, revokedJwts }, value)[0] as string;
  return { ...record, revokedJwts: add(revokedJwts, named, now, revokedJwtsMax, hashOf) };
}

function add(
  revoked: RevokedJwts,
  target: Exclude<JwtTarget, { jwt: string }>,
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
  const held = { ...revoked.ids, ...revoked.subjects };
  const checkRoom = (hash: string) => {
    if (Object.hasOwn(held, hash) || Object.keys(held).length < revokedJwtsMax) return;
    throw new TokenError(
      'RESOURCE_EXHAUSTED',
      `the access token holds ${revokedJwtsMax} revoked JWTs and subjects; rotate its secret key, ` +
        'which ends all of its JWTs, or raise USHER_REVOKED_JWTS_MAX',
    );
  };
  if ('jti' in target || 'digest' in target) {
    const hash = hashOf('jti' in target ? target.jti : nameByDigest(target.digest));
    checkRoom(hash);
    return { ...revoked, ids: { [hash]: now, ...revoked.ids } };
  }
  const hash = hashOf(target.subject);
  checkRoom(hash);
  // A revocation only grows: one made again, by a clock that is behind, must not end earlier.
  const until = Math.max(revoked.subjects?.[hash] ?? 0, now);
  return { ...revoked, subjects: { ...revoked.subjects, [hash]: until } };
}

/**
 * Drops the subjects whose JWTs are all refused by their time of issue. Every `jti` stays: its JWT may
 * have been issued with a later time than that of its revocation.
 */
function prune(revoked: RevokedJwts & { issuedBefore: number }): RevokedJwts {
  const subjects = Object.entries(revoked.subjects ?? {});
  return {
    ...revoked,
    subjects: Object.fromEntries(subjects.filter(([, time]) => time > revoked.issuedBefore)),
  };
}
