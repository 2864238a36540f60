/** Whether a credential is the record's: the hash of a static token, the signature of a JWT. */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessTokenRecord, Secret } from '../store/record.ts';
import { importJwtKey, isSignedWith, nobodysKey, type UnverifiedJwt } from './jwt.ts';
import { type MasterKeys, unreadable } from './master-keys.ts';

/** Opened jwt secrets that are kept. */
const openedKeysMax = 10_000;

/** Tells whether a credential is the record's. Takes as long when there is no record. */
export interface Prove {
  static(token: string, record: AccessTokenRecord | undefined, now: number): boolean;
  jwt(jwt: UnverifiedJwt, record: AccessTokenRecord | undefined, now: number): Promise<boolean>;
}

/** Makes it. Throws Unavailable for a record whose master key is not listed or that was altered. */
export function createProve(keys: MasterKeys): Prove {
  const opened = new LRUCache<string, CryptoKey>({ max: openedKeysMax });
  const nobody = { masterKeyId: keys.currentId, value: randomBytes(32).toString('base64url') };

  const keyOf = async (secret: Secret, tokenId: string) => {
    // All that opening depends on: a sealed secret copied to another record must not open there.
    const name = `${tokenId} ${secret.masterKeyId} ${secret.value}`;
    let key = opened.get(name);
    if (key === undefined) {
      key = await importJwtKey(keys.open(secret, tokenId));
      opened.set(name, key);
    }
    return key;
  };

  return {
    static(token, record, now) {
      let proven = false;
      for (const secret of goodSecrets('static', record, now) ?? [nobody]) {
        const hash = keys.hash(token, secret.masterKeyId);
        const expected = Buffer.from(secret.value, 'base64url');
        if (expected.length !== hash.length) throw unreadable('the hash has the wrong length');
        if (timingSafeEqual(hash, expected)) proven = true;
      }
      return proven;
    },
    async jwt(jwt, record, now) {
      const secrets = goodSecrets('jwt', record, now);
      if (record === undefined || secrets === undefined) {
        await isSignedWith(jwt, nobodysKey);
        return false;
      }
      for (const secret of secrets) {
        if (await isSignedWith(jwt, await keyOf(secret, record.id))) return true;
      }
      return false;
    },
  };
}

/** The secrets that are current or in their grace; undefined where there is nothing to compare with. */
function goodSecrets(kind: 'static' | 'jwt', record: AccessTokenRecord | undefined, now: number) {
  if (record?.kind !== kind) return undefined;
  return record.secrets.filter(({ goodUntil }) => goodUntil === undefined || goodUntil > now);
}
