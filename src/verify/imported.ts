/**
 * Looks up imported tokens. They contain no UUID, so the access token is found by a keyed digest. A
 * token whose form no imported token has costs no look-up in the store.
 */

import type { ImportedHash } from '../store/record.ts';
import type { ImportedEntry, ImportedIndex } from '../store/store.ts';
import { importedHash, type MasterKeys, unreadable } from './master-keys.ts';

/** A form of imported tokens: what to compute to look one up. */
export interface ImportedForm {
  /** The hash of the token that the digest is made from. */
  hash: ImportedHash;
  /** Id of the digest's master key. */
  masterKeyId: string;
  /** Length of the tokens in characters; absent for any length. */
  length?: number;
}

/** The UUID of an imported token's access token, or undefined. Throws Unavailable. */
export type FindImported = (token: string) => Promise<string | undefined>;

/** Creates the look-up. */
export function createFindImported(
  index: Pick<ImportedIndex, 'importedForms' | 'findImported'>,
  keys: MasterKeys,
): FindImported {
  return async token => {
    const forms = await index.importedForms();
    const fitting = forms
      .map(readForm)
      .filter(({ length = token.length }) => length === token.length);
    const found = await findByHash(index, keys, fitting, hash => importedHash(token, hash));
    return found?.tokenId;
  };
}

/**
 * Looks up the entry of an imported token by the token's hashes; `hashOf` returns undefined for an
 * unknown one. Throws Unavailable when nothing is found and a form depends on a master key that is
 * not listed, since the token may then exist.
 */
export async function findByHash(
  index: Pick<ImportedIndex, 'findImported'>,
  keys: MasterKeys,
  forms: readonly ImportedForm[],
  hashOf: (hash: ImportedHash) => Uint8Array | undefined,
): Promise<ImportedEntry | undefined> {
  let unlisted: string | undefined;
  for (const digest of new Set(forms.flatMap(digestIn))) {
    const tokenId = await index.findImported(digest);
    if (tokenId !== undefined) return { digest, tokenId };
  }
  if (unlisted !== undefined) throw unreadable(`master key ${unlisted} is not listed`);
  return undefined;

  function digestIn({ hash, masterKeyId }: ImportedForm): string[] {
    const tokenHash = hashOf(hash);
    if (tokenHash === undefined) return [];
    if (keys.ids.includes(masterKeyId)) return [importedDigest(keys, tokenHash, masterKeyId)];
    unlisted = masterKeyId;
    return [];
  }
}

/** The digest of an imported token in the index, in base64url. Throws Unavailable. */
export function importedDigest(
  keys: MasterKeys,
  tokenHash: Uint8Array,
  masterKeyId: string,
): string {
  return keys.hashImported(tokenHash, masterKeyId).toString('base64url');
}

/** Encodes a form for the index. */
export function writeForm({ hash, masterKeyId, length }: ImportedForm): string {
  return `${hash}/${masterKeyId}/${length ?? '*'}`;
}

/** Decodes a form from the index. */
export function readForm(text: string): ImportedForm {
  const [hash, masterKeyId, length] = text.split('/') as [ImportedHash, string, string];
  const form = { hash, masterKeyId };
  return length === '*' ? form : { ...form, length: Number(length) };
}
