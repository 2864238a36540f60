/**
 * The master keys: keyed hashes of static tokens, and encryption of jwt secrets. New values use the
 * first key of the list; the others only read what was written when they were first.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash as digest,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { ImportedHash, Secret } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';

/** A master key. */
export interface MasterKey {
  /** Names it in records. */
  id: string;
  /** 32 random bytes. */
  bytes: Uint8Array;
}

/** An encrypted secret. */
type Sealed = Pick<Secret, 'masterKeyId' | 'value'>;

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
}

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Derives the keys of each purpose from the master keys (HKDF, RFC 5869). Throws Error unless there
 * is at least one, each of 32 bytes with its own id.
 */
export function createMasterKeys(list: readonly MasterKey[]): MasterKeys {
  const keys = new Map<string, { hashing: KeyObject; imported: KeyObject; sealing: KeyObject }>();
  for (const { id, bytes } of list) {
    if (bytes.length !== 32) throw new Error(`master key ${id} is not 32 bytes long`);
    if (keys.has(id)) throw new Error(`there are two master keys ${id}`);
    keys.set(id, {
      hashing: deriveKey(bytes, 'usher/v1/static-token-hash'),
      imported: deriveKey(bytes, 'usher/v1/foreign-token-hash'),
      sealing: deriveKey(bytes, 'usher/v1/jwt-secret-seal'),
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
    seal(secret, tokenId) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', keyOf(current.id).sealing, nonce, {
        authTagLength: tagBytes,
      });
      cipher.setAAD(Buffer.from(tokenId));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      const value = Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
      return { masterKeyId: current.id, value };
    },
    open({ masterKeyId, value }, tokenId) {
      const { sealing } = keyOf(masterKeyId);
      const bytes = Buffer.from(value, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) throw unreadable('the sealed secret is too short');
      const nonce = bytes.subarray(0, nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(tokenId));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
      try {
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch (cause) {
        throw unreadable(cause);
      }
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
