/** Checks one token to import, and computes its hashes. */

import type { Imported, ImportedHash } from '../store/record.ts';
import { mayBeImported } from '../verify/credential.ts';
import { importedHash } from '../verify/master-keys.ts';
import { parseStaticToken } from '../verify/static-token.ts';
import { Faults } from './faults.ts';
import { checkFields, checkUuid, type Fields, invalid } from './fields.ts';

/**
 * A token of another system: the token itself, which is not stored, or a hash of the whole token.
 */
export type ImportedSecret = { token: string } | { sha256: Uint8Array } | { sha512: Uint8Array };

/** A token to import. */
export interface ImportItem {
  secret: ImportedSecret;
  /** UUID of the new access token; "" or absent to generate one. */
  id?: string;
  /** Fields of kind static. */
  fields: Fields;
}

/** A valid item. */
export interface CheckedItem {
  /** How it is imported. */
  imported: Imported;
  /** Name of the hash that its digest is made from. */
  hash: ImportedHash;
  /** That hash of the token. */
  tokenHash: Uint8Array;
  /** All known hashes of the token, since an earlier import may have used another one. */
  hashes: Partial<Record<ImportedHash, Uint8Array>>;
  /** Length of the token in characters; absent when only its hash is known. */
  length?: number;
  /** The requested UUID, or the one in a token of Usher's own; absent to generate one. */
  id?: string;
  fields: Fields;
}

/** A shorter token could be guessed, in characters. */
const lengthMin = 20;

const hashBytes = { sha256: 32, sha512: 64 } as const;

/** How items are checked. */
export interface ItemBounds {
  /** Takes also tokens that are short enough to be guessed. */
  allowWeak: boolean;
  /** Longest Authorization header value, in bytes: a token must fit it behind "Bearer ". */
  headerBytesMax: number;
}

/** Throws INVALID_ARGUMENT for every field that is wrong. */
export function checkItem(item: ImportItem, bounds: ItemBounds, now: number): CheckedItem {
  const { secret, fields } = item;
  const faults = new Faults();
  const known = faults.read(() =>
    'token' in secret ? checkToken(secret.token, bounds) : checkHash(secret),
  );
  const own = 'token' in secret ? parseStaticToken(secret.token) : undefined;
  const id = faults.read(() => idOf(item.id, own));
  faults.read(() => checkFields('static', fields, now));
  faults.end();
  return { ...(known as NonNullable<typeof known>), fields, ...(id === undefined ? {} : { id }) };
}

/** The UUID of the new access token; undefined to generate one. */
function idOf(given: string | undefined, own: string | undefined): string | undefined {
  const id = given ? checkUuid('id', given) : undefined;
  if (own === undefined || id === undefined || id === own) return own ?? id;
  throw invalid('id', `must be ${own}, which the token contains, or empty`);
}

function checkToken(token: string, { allowWeak, headerBytesMax }: ItemBounds) {
  const lengthMax = headerBytesMax - 'Bearer '.length;
  if (token === '') throw invalid('token', 'is empty');
  if (token.length > lengthMax) throw invalid('token', `is longer than ${lengthMax} characters`);
  if (!mayBeImported(token) && parseStaticToken(token) === undefined) {
    throw invalid(
      'token',
      'must be visible ASCII without space, comma, " and \\; must not be a JWT, which is ' +
        'verified by its signature; and must not start with "ush_", the prefix of Usher\'s own',
    );
  }
  if (token.length < lengthMin && !allowWeak) {
    throw invalid('token', `is shorter than ${lengthMin} characters, so it can be guessed`);
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
