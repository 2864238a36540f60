/**
 * The master keys: keyed hashes of static tokens, and encryption of jwt secrets. New values use the
 * first key of the list; the others only read what was written when they were first.
 */

import { createHmac, createSecretKey, hash as digest, hkdfSync, type KeyObject } from 'node:crypto';
import type { ImportedHash, Secret } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import { sealText, unsealText } from './seal.ts';

/** A master key. */
export interface MasterKey {
  /** Names it in records. */
  id: string;
  /** 32 random bytes. */
  bytes: Uint8Array;
}

/** An encrypted secret. */
export type Sealed = Pick<Secret, 'masterKeyId' | 'value'>;

/** What can be done with the master keys. */
export interface MasterKeys {
  /** Id of the first key, which writes. */
  readonly currentId: string;
  /** The ids of all listed keys, in their order. */
  readonly ids: readonly string[];
  /** HMAC-SHA-256 of a static token. Throws Unavailable for a master key that is not listed. */
  hash(token: string, masterKeyId: string): Buffer;
  /** HMAC-SHA-256 of an imported token's hash. Throws Unavailable as above. */
  hashImported(tokenHash: Uint8Array, masterKeyId: string): Buffer;
  /** Encrypts a secret (AES-256-GCM), bound to the UUID of its access token. */
  seal(secret: string, tokenId: string): Sealed;
  /** Decrypts it. Throws Unavailable when it was altered or its master key is not listed. */
  open(sealed: Sealed, tokenId: string): string;
  /**
   * Names a JWT's subject in counts of limits: HMAC-SHA-256 under each listed master key, in their order.
   */
  subjectDigests(tokenId: string, subject: string): string[];
  /** Encrypts a place in a list, bound to the caller and the query that `context` names. */
  sealPlace(place: string, context: string): string;
  /** Decrypts it; undefined for what no listed master key sealed for this context. */
  openPlace(sealed: string, context: string): string | undefined;
}

/** Characters of a subject's name: 132 bits in base64url. */
const digestLength = 22;

/** The keys that are derived from one master key, one for each purpose. */
interface DerivedKeys {
  hashing: KeyObject;
  imported: KeyObject;
  sealing: KeyObject;
  places: KeyObject;
  subjects: KeyObject;
}

/**
 * Derives the keys of each purpose from the master keys (HKDF, RFC 5869). Throws Error unless there
 * is at least one, each of 32 bytes with its own id.
 */
export function createMasterKeys(list: readonly MasterKey[]): MasterKeys {
  const keys = new Map<string, DerivedKeys>();
  for (const { id, bytes } of list) {
    if (bytes.length !== 32) throw new Error(`master key ${id} is not 32 bytes long`);
    if (keys.has(id)) throw new Error(`there are two master keys ${id}`);
    keys.set(id, {
      hashing: deriveKey(bytes, 'usher/v1/static-token-hash'),
      imported: deriveKey(bytes, 'usher/v1/foreign-token-hash'),
      sealing: deriveKey(bytes, 'usher/v1/jwt-secret-seal'),
      places: deriveKey(bytes, 'usher/v1/page-token-seal'),
      subjects: deriveKey(bytes, 'usher/v1/limited-subject'),
    });
  }
  const current = list[0];
  if (current === undefined) throw new Error('there is no master key');
  const keyOf = (id: string) => {
    const key = keys.get(id);
    if (key === undefined) throw unreadable(`master key ${JSON.stringify(id)} is not listed`);
    return key;
  };

  return {
    currentId: current.id,
    ids: list.map(({ id }) => id),
    hash: (token, id) => createHmac('sha256', keyOf(id).hashing).update(token).digest(),
    hashImported: (tokenHash, id) =>
      createHmac('sha256', keyOf(id).imported).update(tokenHash).digest(),
    seal: (secret, tokenId) => ({
      masterKeyId: current.id,
      value: sealText(keyOf(current.id).sealing, secret, tokenId),
    }),
    open({ masterKeyId, value }, tokenId) {
      const secret = unsealText(keyOf(masterKeyId).sealing, value, tokenId);
      if (secret === undefined) throw unreadable('the sealed secret was altered');
      return secret;
    },
    subjectDigests: (tokenId, subject) =>
      [...keys.values()].map(({ subjects }) =>
        createHmac('sha256', subjects)
          .update(`${tokenId}\0${subject}`)
          .digest('base64url')
          .slice(0, digestLength),
      ),
    sealPlace: (place, context) => sealText(keyOf(current.id).places, place, context),
    openPlace(sealed, context) {
      for (const { places } of keys.values()) {
        const place = unsealText(places, sealed, context);
        if (place !== undefined) return place;
      }
      return undefined;
    },
  };
}

/** The hash of a token's UTF-8 bytes, as other systems store it. */
export function importedHash(token: string, algorithm: ImportedHash): Buffer {
  return digest(algorithm, token, 'buffer');
}

/** The error for a secret that cannot be read: the verdict is unknown, not a refusal. */
export function unreadable(cause: unknown): Unavailable {
  return new Unavailable('the record of the access token cannot be read', cause);
}

/** A key for one purpose of a master key (HKDF-SHA-256, RFC 5869). */
export function deriveKey(master: Uint8Array, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', master, '', purpose, 32)));
}
