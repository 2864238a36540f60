/** Creates tokens and secret keys, and the form in which the record holds them. */

import { randomBytes } from 'node:crypto';
import type { AccessTokenRecord, Kind, Secret } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { makeStaticToken } from '../verify/static-token.ts';

/** The prefix of every jwt secret key, by which scanners find leaked ones. */
const jwtSecretPrefix = 'usk_';

/**
 * A new token (static) or secret key (jwt) of 256 random bits, and its stored form. `now` is in
 * milliseconds since 1970.
 */
export function makeSecret(
  keys: MasterKeys,
  kind: Kind,
  tokenId: string,
  now: number,
): { secret: string; kept: Secret } {
  if (kind === 'static') {
    const secret = makeStaticToken(tokenId);
    const value = keys.hash(secret, keys.currentId).toString('base64url');
    return { secret, kept: { masterKeyId: keys.currentId, value, createdAt: now } };
  }
  const secret = jwtSecretPrefix + randomBytes(32).toString('base64url');
  return { secret, kept: { ...keys.seal(secret, tokenId), createdAt: now } };
}

/**
 * The record with its jwt secrets encrypted by the first master key; the same object when nothing
 * changes. A secret that cannot be decrypted stays, so that its access token can still be revoked.
 */
export function withCurrentSeals(keys: MasterKeys, record: AccessTokenRecord): AccessTokenRecord {
  if (record.kind !== 'jwt') return record;
  const secrets = record.secrets.map(secret => resealed(keys, secret, record.id));
  const changed = secrets.some((secret, n) => secret !== record.secrets[n]);
  return changed ? { ...record, secrets } : record;
}

function resealed(keys: MasterKeys, secret: Secret, tokenId: string): Secret {
  if (secret.masterKeyId === keys.currentId) return secret;
  try {
    return { ...secret, ...keys.seal(keys.open(secret, tokenId), tokenId) };
  } catch (error) {
    if (error instanceof Unavailable) return secret;
    throw error;
  }
}
