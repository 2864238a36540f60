/**
 * Imported tokens: they do not name their access token, so it is found by a keyed digest. What cannot
 * be one of them, by its form, costs no look at the store.
 */

import type { ForeignHash } from '../store/record.ts';
import type { ForeignIndex } from '../store/store.ts';
import { foreignHash, type MasterKeys, unreadable } from './master-keys.ts';

/** A form that imported tokens have. */
export interface ForeignForm {
  hash: ForeignHash;
  /** The master key of the digest. */
  masterKeyId: string;
  /** Length of the tokens in characters; absent where only their hash is known. */
  length?: number;
}

/** Finds the access token of an imported token; undefined when there is none. Throws Unavailable. */
export type FindForeign = (token: string) => Promise<string | undefined>;

/** Makes it. */
export function createFindForeign(
  index: Pick<ForeignIndex, 'foreignForms' | 'findForeign'>,
  keys: MasterKeys,
): FindForeign {
  return async token => {
    const forms = (await index.foreignForms()).map(readForm);
    const fitting = forms.filter(({ length = token.length }) => length === token.length);
    return await findByHash(index, keys, fitting, hash => foreignHash(token, hash));
  };
}

/**
 * Finds an access token by the hashes of its imported token, of which some may be unknown. Where none
 * is found and a form has a master key that is not listed, it is not known whether there is one.
 */
export async function findByHash(
  index: Pick<ForeignIndex, 'findForeign'>,
  keys: MasterKeys,
  forms: readonly ForeignForm[],
  hashOf: (hash: ForeignHash) => Uint8Array | undefined,
): Promise<string | undefined> {
  let unlisted: string | undefined;
  for (const digest of new Set(forms.flatMap(digestIn))) {
    const tokenId = await index.findForeign(digest);
    if (tokenId !== undefined) return tokenId;
  }
  if (unlisted !== undefined) throw unreadable(`master key ${unlisted} is not listed`);
  return undefined;

  function digestIn({ hash, masterKeyId }: ForeignForm): string[] {
    const tokenHash = hashOf(hash);
    if (tokenHash === undefined) return [];
    if (keys.ids.includes(masterKeyId)) return [foreignDigest(keys, tokenHash, masterKeyId)];
    unlisted = masterKeyId;
    return [];
  }
}

/** The name of an imported token in the index. */
export function foreignDigest(
  keys: MasterKeys,
  tokenHash: Uint8Array,
  masterKeyId: string,
): string {
  return keys.hashForeign(tokenHash, masterKeyId).toString('base64url');
}

/** A form as the index keeps it. */
export function writeForm({ hash, masterKeyId, length }: ForeignForm): string {
  return `${hash}/${masterKeyId}/${length ?? '*'}`;
}

/** The form that was kept. */
export function readForm(text: string): ForeignForm {
  const [hash, masterKeyId = '', length] = text.split('/');
  const form = { hash: hash as ForeignHash, masterKeyId };
  return length === '*' ? form : { ...form, length: Number(length) };
}
