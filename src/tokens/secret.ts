/** Creates tokens and secret keys, and the form in which the record holds them. */

import { randomBytes } from 'node:crypto';
import type { AccessTokenRecord, Kind, Secret } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import type { MasterKeys, Sealed } from '../verify/master-keys.ts';
import { hashKeyContext } from '../verify/revoked-jwts.ts';
import { makeSecretKey, makeStaticToken } from '../verify/static-token.ts';

/**
 * A new token (static) or secret key (jwt) of 256 random bits, and its stored form. `now` is in
 * milliseconds since 1970; `prefix` is as in ChangeDeps.
 */
export function makeSecret(
  keys: MasterKeys,
  kind: Kind,
  tokenId: string,
  now: number,
  prefix?: string,
): { secret: string; kept: Secret } {
  if (kind === 'static') {
    const secret = makeStaticToken(tokenId, randomBytes(32), prefix);
    const value = keys.hash(secret, keys.currentId).toString('base64url');
    return { secret, kept: { masterKeyId: keys.currentId, value, createdAt: now } };
  }
  const secret = makeSecretKey(prefix);
  return { secret, kept: { ...keys.seal(secret, tokenId), createdAt: now } };
}

/**
 * The record with its jwt secrets, and the key of its revocations, encrypted by the first master key; the
 * same object when nothing changes. What cannot be decrypted stays, so that its access token can still be
 * revoked.
 */
export function withCurrentSeals(keys: MasterKeys, record: AccessTokenRecord): AccessTokenRecord {
  if (record.kind !== 'jwt') return record;
  const { id, revokedJwts } = record;
  const secrets = record.secrets.map(secret => resealed(keys, secret, id));
  const key = revokedJwts?.key && resealed(keys, revokedJwts.key, hashKeyContext(id));
  const hasChanged = secrets.some((secret, n) => secret !== record.secrets[n]);
  if (!hasChanged && key === revokedJwts?.key) return record;
  return { ...record, secrets, ...(key && { revokedJwts: { ...revokedJwts, key } }) };
}

function resealed<S extends Sealed>(keys: MasterKeys, sealed: S, context: string): S {
  if (sealed.masterKeyId === keys.currentId) return sealed;
  try {
    return { ...sealed, ...keys.seal(keys.open(sealed, context), context) };
  } catch (error) {
    if (error instanceof Unavailable) return sealed;
    throw error;
  }
}
