/**
 * Imported tokens: they do not name their access token, so it is found by a keyed digest. What cannot
 * be one of them, by its form, costs no look at the store.
 */

import type { ImportedHash } from '../store/record.ts';
import type { ImportedIndex } from '../store/store.ts';
import { importedHash, type MasterKeys, unreadable } from './master-keys.ts';

/** A form that imported tokens have. */
export interface ImportedForm {
  hash: ImportedHash;
  /** The master key of the digest. */
  masterKeyId: string;
  /** Length of the tokens in characters; absent where only their hash is known. */
  length?: number;
}

/** Finds the access token of an imported token; undefined when there is none. Throws Unavailable. */
export type FindImported = (token: string) => Promise<string | undefined>;

/** Makes it. */
export function createFindImported(
  index: Pick<ImportedIndex, 'importedForms' | 'findImported'>,
  keys: MasterKeys,
): FindImported {
  return async token => {
    const forms = (await index.importedForms()).map(readForm);
    const fitting = forms.filter(({ length = token.length }) => length === token.length);
    return await findByHash(index, keys, fitting, hash => importedHash(token, hash));
  };
}

/**
 * Finds an access token by the hashes of its imported token, of which some may be unknown. Where none
 * is found and a form has a master key that is not listed, it is not known whether there is one.
 */
export async function findByHash(
  index: Pick<ImportedIndex, 'findImported'>,
  keys: MasterKeys,
  forms: readonly ImportedForm[],
  hashOf: (hash: ImportedHash) => Uint8Array | undefined,
): Promise<string | undefined> {
  let unlisted: string | undefined;
  for (const digest of new Set(forms.flatMap(digestIn))) {
    const tokenId = await index.findImported(digest);
    if (tokenId !== undefined) return tokenId;
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

/** The name of an imported token in the index. */
export function importedDigest(
  keys: MasterKeys,
  tokenHash: Uint8Array,
  masterKeyId: string,
): string {
  return keys.hashImported(tokenHash, masterKeyId).toString('base64url');
}

/** A form as the index keeps it. */
export function writeForm({ hash, masterKeyId, length }: ImportedForm): string {
  return `${hash}/${masterKeyId}/${length ?? '*'}`;
}

/** The form that was kept. */
export function readForm(text: string): ImportedForm {
  const [hash, masterKeyId = '', length] = text.split('/');
  const form = { hash: hash as ImportedHash, masterKeyId };
  return length === '*' ? form : { ...form, length: Number(length) };
}
