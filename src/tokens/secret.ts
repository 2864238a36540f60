/** Makes tokens and secret keys, and what the record keeps of them. */

import { randomBytes } from 'node:crypto';
import type { AccessTokenRecord, Kind, Secret } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { makeStaticToken } from '../verify/static-token.ts';

/** How every jwt secret key starts, for those who look for leaked ones. */
const jwtSecretPrefix = 'usk_';

/** A fresh token (static) or secret key (jwt) of 256 random bits, and how it is kept. */
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
 * The record with its jwt secrets sealed by the master key that writes; the record itself where there is
 * nothing to do. One that cannot be opened stays as it is: its access token must still be revocable.
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
