/** Checks one token to take in, and works out the hashes that it is known by. */

import type { Imported, ImportedHash } from '../store/record.ts';
import { mayBeImported } from '../verify/credential.ts';
import { defaultVerifyLimits } from '../verify/limits.ts';
import { importedHash } from '../verify/master-keys.ts';
import { parseStaticToken } from '../verify/static-token.ts';
import { checkFields, checkUuid, type Fields, invalid } from './fields.ts';

/** A token of another system: itself, which is not kept, or a hash of the whole of it. */
export type ImportedSecret = { token: string } | { sha256: Uint8Array } | { sha512: Uint8Array };

/** A token to take in. */
export interface ImportItem {
  secret: ImportedSecret;
  /** The UUID to give it; "" or absent for a fresh one. */
  id?: string;
  /** Those of kind static. */
  fields: Fields;
}

/** An item that was found good. */
export interface CheckedItem {
  imported: Imported;
  /** The hash that the record keeps, and its name. */
  hash: ImportedHash;
  tokenHash: Uint8Array;
  /** All hashes by which it may have been taken in before. */
  hashes: Partial<Record<ImportedHash, Uint8Array>>;
  /** The length of a token that is known itself, in characters. */
  length?: number;
  id?: string;
  fields: Fields;
}

/** Bounds of what is taken in, in characters. */
const importedTokenLimits = {
  /** A shorter one could be guessed. */
  lengthMin: 20,
  /** The longest that fits an Authorization header behind "Bearer ". */
  lengthMax: defaultVerifyLimits.headerBytesMax - 'Bearer '.length,
} as const;

const hashBytes = { sha256: 32, sha512: 64 } as const;

/** Throws INVALID_ARGUMENT for what is wrong first. */
export function checkItem(item: ImportItem, allowWeak: boolean, now: number): CheckedItem {
  const { secret, fields } = item;
  const given = item.id ? checkUuid('id', item.id) : undefined;
  const known = 'token' in secret ? checkToken(secret.token, allowWeak) : checkHash(secret);
  const own = 'token' in secret ? parseStaticToken(secret.token) : undefined;
  if (own !== undefined && given !== undefined && given !== own) {
    throw invalid('id', `must be ${own}, which the token names, or none`);
  }
  checkFields('static', fields, now);
  const id = own ?? given;
  return { ...known, fields, ...(id === undefined ? {} : { id }) };
}

function checkToken(token: string, allowWeak: boolean) {
  const { lengthMin, lengthMax } = importedTokenLimits;
  if (token === '') throw invalid('token', 'is empty');
  if (token.length > lengthMax) throw invalid('token', `is longer than ${lengthMax} characters`);
  if (!mayBeImported(token) && parseStaticToken(token) === undefined) {
    throw invalid(
      'token',
      'must be visible ASCII without space, comma, " and \\; no JWT, which is known by its ' +
        'signature; and not start with "ush_", which only tokens of Usher do',
    );
  }
  if (token.length < lengthMin && !allowWeak) {
    throw invalid('token', `is shorter than ${lengthMin} characters, so that it can be guessed`);
  }
  const sha256 = importedHash(token, 'sha256');
  const hashes = { sha256, sha512: importedHash(token, 'sha512') };
  const imported = 'plain' as const;
  return { imported, hash: 'sha256' as const, tokenHash: sha256, hashes, length: token.length };
}

function checkHash(secret: Exclude<ImportedSecret, { token: string }>) {
  const hash = 'sha256' in secret ? 'sha256' : 'sha512';
  const tokenHash = 'sha256' in secret ? secret.sha256 : secret.sha512;
  if (tokenHash.length !== hashBytes[hash]) {
    throw invalid(hash, `must be ${hashBytes[hash]} bytes long`);
  }
  return { imported: hash, hash, tokenHash, hashes: { [hash]: tokenHash } } as const;
}
