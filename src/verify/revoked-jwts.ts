/** Whether a JWT is revoked by its `jti` or digest, its subject or its time of issue. */

import { createHmac, hash, randomBytes } from 'node:crypto';
import { attached } from '../caching/attached.ts';
import type { AccessTokenRecord, RevokedJwts } from '../store/record.ts';
import type { Claims } from './claims.ts';
import type { MasterKeys } from './master-keys.ts';

/** Characters of a hash in a record: 132 bits in base64url. */
const hashLength = 22;

/** A key for the hashes of an access token's revocations, sealed with the first master key. */
export function makeHashKey(keys: MasterKeys, tokenId: string) {
  return keys.seal(randomBytes(32).toString('base64url'), hashKeyContext(tokenId));
}

/** The context by which the key of an access token's revocations is sealed. */
export function hashKeyContext(tokenId: string): string {
  return `revocations/${tokenId}`;
}

/**
 * The names under which a record may hold the revocation of a `jti` or `sub`. The first is that of a new
 * entry: an HMAC-SHA-256, so that a list of guesses shows no revoked subject to a reader of the store. The
 * last is that of entries which versions before wrote, without a key. Throws Unavailable when the key
 * cannot be read.
 */
export function claimHashes(
  keys: MasterKeys,
  { id, revokedJwts }: Pick<AccessTokenRecord, 'id' | 'revokedJwts'>,
  value: string,
): string[] {
  const plain = hash('sha256', `${id}\0${value}`, 'base64url').slice(0, hashLength);
  if (revokedJwts?.key === undefined) return [plain];
  const key = keys.open(revokedJwts.key, hashKeyContext(id));
  const keyed = createHmac('sha256', key).update(value).digest('base64url').slice(0, hashLength);
  return [keyed, plain];
}

/** By what a JWT is revoked. */
export type RevokedBy =
  | 'its time of issue'
  | 'its jti'
  | 'its digest'
  | 'its subject and time of issue';

/** The name, in a list of revoked `jti`, of a JWT that has none. No `jti` in use looks like it. */
export function nameByDigest(digest: string): string {
  return `\0digest\0${digest}`;
}

/** What was found for the claims of a proven JWT, so that the next verdict on it costs no hash. */
const outcomes = attached<Claims, { by: RevokedJwts; revokedBy: RevokedBy | undefined }>();

/**
 * By what a record revokes a JWT; undefined when it does not. A JWT without `iat` counts as issued
 * before any time. Throws Unavailable when that cannot be known.
 */
export function jwtRevokedBy(
  keys: MasterKeys,
  record: AccessTokenRecord,
  claims: Claims,
): RevokedBy | undefined {
  const by = record.revokedJwts;
  if (by === undefined) return undefined;
  const last = outcomes.get(claims);
  if (last?.by === by) return last.revokedBy;
  const revokedBy = findRevocation(by, keys, record, claims);
  outcomes.set(claims, { by, revokedBy });
  return revokedBy;
}

function findRevocation(
  { issuedBefore, ids, subjects }: RevokedJwts,
  keys: MasterKeys,
  record: AccessTokenRecord,
  { iat, jti, digest, subject }: Claims,
): RevokedBy | undefined {
  const isBefore = (time: number | undefined) =>
    time !== undefined && (iat === undefined || iat * 1000 < time);
  if (isBefore(issuedBefore)) return 'its time of issue';
  const name = digest === undefined ? jti : nameByDigest(digest);
  if (name !== undefined && ids !== undefined) {
    const isRevoked = claimHashes(keys, record, name).some(each => Object.hasOwn(ids, each));
    if (isRevoked) return digest === undefined ? 'its jti' : 'its digest';
  }
  if (subjects === undefined) return undefined;
  return claimHashes(keys, record, subject).some(name => isBefore(subjects[name]))
    ? 'its subject and time of issue'
    : undefined;
}
