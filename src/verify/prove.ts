/** Checks a credential against a record: the hash of a static token, or the signature of a JWT. */

import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type CacheLimits, weighed } from '../caching/weighed-cache.ts';
import type { AccessTokenRecord, Kind, Secret } from '../store/record.ts';
import type { Credential } from './credential.ts';
import { importJwtKey, isSignedWith, nobodysKey, type UnverifiedJwt } from './jwt.ts';
import { importedHash, type MasterKeys, unreadable } from './master-keys.ts';

/**
 * The record's secret that a credential matches, or undefined. Takes as long when there is no
 * record. `now` is in milliseconds since 1970. Throws Unavailable when the record's secrets cannot
 * be read.
 */
export type Prove = (
  credential: Credential,
  record: AccessTokenRecord | undefined,
  now: number,
) => Secret | undefined;

/** Creates the check, which caches decrypted jwt secrets within these bounds. */
export function createProve(keys: MasterKeys, openedKeys: CacheLimits): Prove {
  const opened = new LRUCache<string, KeyObject>(weighed(openedKeys, keyBytes));
  openedKeys.meter?.(() => opened.calculatedSize);
  const decoyValue = randomBytes(32).toString('base64url');
  // Made when it is used: the first key of the start may be gone.
  const decoy = (): Secret => ({ masterKeyId: keys.currentId, value: decoyValue, createdAt: 0 });

  const keyOf = (secret: Secret, tokenId: string) => {
    // All that decryption depends on: an encrypted secret copied to another record must fail there.
    const name = `${tokenId} ${secret.masterKeyId} ${secret.value}`;
    let key = opened.get(name);
    if (key === undefined) {
      key = importJwtKey(keys.open(secret, tokenId), secret.encoding);
      opened.set(name, key);
    }
    return key;
  };

  const proveStatic = (token: string, secrets: Secret[] | undefined) => {
    let proven: Secret | undefined;
    for (const secret of secrets ?? [decoy()]) {
      const { hashed, masterKeyId } = secret;
      const hash =
        hashed === undefined
          ? keys.hash(token, masterKeyId)
          : keys.hashImported(importedHash(token, hashed), masterKeyId);
      const expected = Buffer.from(secret.value, 'base64url');
      if (expected.length !== hash.length) throw unreadable('the hash has the wrong length');
      if (timingSafeEqual(hash, expected)) proven = secret;
    }
    return proven;
  };

  const proveJwt = (jwt: UnverifiedJwt, secrets: Secret[] | undefined) => {
    if (secrets === undefined) isSignedWith(jwt, nobodysKey);
    for (const secret of secrets ?? []) {
      if (isSignedWith(jwt, keyOf(secret, jwt.kid))) return secret;
    }
    return undefined;
  };

  return (credential, record, now) => {
    const secrets = goodSecrets(keys, credential.kind, record, now);
    return credential.kind === 'static'
      ? proveStatic(credential.token, secrets)
      : proveJwt(credential.jwt, secrets);
  };
}

/** What a key takes: the object, OpenSSL's copy, and what it was made from. */
function keyBytes({ symmetricKeySize = 0 }: KeyObject): number {
  return 512 + 2 * symmetricKeySize;
}

/**
 * The current secret and one in its grace period; undefined without a record of this kind. Of an access
 * token that is over, those whose master key was removed are left out: it is refused in any case.
 */
function goodSecrets(
  keys: MasterKeys,
  kind: Kind,
  record: AccessTokenRecord | undefined,
  now: number,
) {
  if (record?.kind !== kind) return undefined;
  const good = record.secrets.filter(({ goodUntil }) => goodUntil === undefined || goodUntil > now);
  const { revokedAt, expiresAt = Number.POSITIVE_INFINITY } = record;
  if (revokedAt === undefined && expiresAt > now) return good;
  const readable = good.filter(({ masterKeyId }) => keys.ids.includes(masterKeyId));
  return readable.length === 0 ? undefined : readable;
}
