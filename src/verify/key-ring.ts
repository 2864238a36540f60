/** The master keys that a process uses. They can be replaced while it runs. */

import type { RecordSeal } from '../store/seal.ts';
import { createMasterKeys, type MasterKey, type MasterKeys } from './master-keys.ts';
import { createRecordSeal } from './record-seal.ts';

/** The master keys in use, and what is made of them. */
export interface KeyRing {
  /** The keys: the first writes, all read. */
  readonly inUse: readonly MasterKey[];
  /** Hashes and encrypts with the keys in use. */
  readonly keys: MasterKeys;
  /** Signs and checks with the keys in use. */
  readonly seal: RecordSeal;
  /** Uses other keys from now on. Throws Error as createMasterKeys does, and then changes nothing. */
  replace(list: readonly MasterKey[]): void;
}

/** Creates it with its first keys. Throws Error as createMasterKeys does. */
export function createKeyRing(list: readonly MasterKey[]): KeyRing {
  let now = derive(list);
  /** Whether it is decided which key writes: afterwards only `replace` changes it. */
  let isDecided = false;
  const replace = (next: readonly MasterKey[]) => {
    now = derive(next);
    isDecided = true;
  };
  return {
    get inUse() {
      return now.list;
    },
    keys: {
      get currentId() {
        return now.keys.currentId;
      },
      get ids() {
        return now.keys.ids;
      },
      hash: (token, id) => now.keys.hash(token, id),
      hashImported: (tokenHash, id) => now.keys.hashImported(tokenHash, id),
      seal: (secret, tokenId) => now.keys.seal(secret, tokenId),
      open: (sealed, tokenId) => now.keys.open(sealed, tokenId),
      subjectDigests: (tokenId, subject) => now.keys.subjectDigests(tokenId, subject),
      sealPlace: (place, context) => now.keys.sealPlace(place, context),
      openPlace: (sealed, context) => now.keys.openPlace(sealed, context),
    },
    seal: {
      get currentId() {
        return now.seal.currentId;
      },
      get keyChecks() {
        return now.seal.keyChecks;
      },
      sign: (id, text) => now.seal.sign(id, text),
      check: (id, text, mac) => now.seal.check(id, text, mac),
      meet(noted) {
        if (isDecided) return;
        isDecided = true;
        const isNoted = ({ id }: MasterKey) => noted.get(id) === now.seal.keyChecks.get(id);
        const writer = now.list.findIndex(isNoted);
        // A key that no replica wrote with yet may be one that not all of them read.
        if (writer > 0) {
          replace([...now.list.slice(writer, writer + 1), ...now.list.toSpliced(writer, 1)]);
        }
      },
    },
    replace,
  };
}

function derive(list: readonly MasterKey[]) {
  return { list: [...list], keys: createMasterKeys(list), seal: createRecordSeal(list) };
}
