/** Makes tokens and secret keys, and what the record keeps of them. */

import { randomBytes } from 'node:crypto';
import type { Kind, Secret } from '../store/record.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { makeStaticToken } from '../verify/static-token.ts';

/** How every jwt secret key starts, for those who look for leaked ones. */
export const jwtSecretPrefix = 'usk_';

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
