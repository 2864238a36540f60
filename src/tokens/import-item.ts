/** Checks one token to import, and computes its hashes. */

import type { Imported, ImportedHash } from '../store/record.ts';
import { type HeaderLimits, isStaticToken } from '../verify/credential.ts';
import { jwtKeyBytesMin } from '../verify/jwt.ts';
import { importedHash } from '../verify/master-keys.ts';
import { parseStaticToken, staticTokenPrefix } from '../verify/static-token.ts';
import { checkFields, checkUuid, type Fields, invalid } from './fields.ts';

/**
 * A token of another system: the token itself, which is not stored, or a hash of the whole token. Or the
 * HMAC key (RFC 2104) with which another system signs its JWTs.
 */
export type ImportedSecret =
  | { token: string }
  | { sha256: Uint8Array }
  | { sha512: Uint8Array }
  | { jwtSecret: Uint8Array };

/** A token to import. */
export interface ImportItem {
  secret: ImportedSecret;
  /** UUID of the new access token; "" or absent to generate one. With a jwt secret it is the `kid`. */
  id?: string;
  fields: Fields;
}

/** A valid static token. */
export interface CheckedItem {
  kind: 'static';
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

/** A valid jwt secret. */
export interface CheckedJwtItem {
  kind: 'jwt';
  jwtSecret: Uint8Array;
  /** UUID of the access token, the `kid` of its JWTs. */
  id: string;
  fields: Fields;
}

/** A shorter token could be guessed, in characters. */
const lengthMin = 20;

const hashBytes = { sha256: 32, sha512: 64 } as const;

/** Longest HMAC key, in bytes. */
const jwtKeyBytesMax = 1024;

/** How items are checked. */
export interface ItemBounds extends HeaderLimits {
  /** Takes also tokens that are short enough to be guessed. */
  allowWeak: boolean;
}

/** Throws INVALID_ARGUMENT for what is wrong first. */
export function checkItem(
  item: ImportItem,
  bounds: ItemBounds,
  now: number,
): CheckedItem | CheckedJwtItem {
  const { secret, fields } = item;
  const given = item.id ? checkUuid('id', item.id) : undefined;
  if ('jwtSecret' in secret) return checkJwtItem(secret.jwtSecret, given, fields, now);
  const known = 'token' in secret ? checkToken(secret.token, bounds) : checkHash(secret);
  const own = 'token' in secret ? parseStaticToken(secret.token) : undefined;
  if (own !== undefined && given !== undefined && given !== own) {
    throw invalid('id', `must be ${own}, which the token contains, or empty`);
  }
  checkFields('static', fields, now);
  const id = own ?? given;
  return { kind: 'static', ...known, fields, ...(id === undefined ? {} : { id }) };
}

function checkJwtItem(
  jwtSecret: Uint8Array,
  id: string | undefined,
  fields: Fields,
  now: number,
): CheckedJwtItem {
  if (id === undefined) throw invalid('id', 'is required: the kid of the JWTs');
  const { length } = jwtSecret;
  if (length < jwtKeyBytesMin || length > jwtKeyBytesMax) {
    throw invalid(
      'jwt_secret',
      `is ${length} bytes long; HS256 keys are ${jwtKeyBytesMin} to ${jwtKeyBytesMax} ` +
        '(RFC 7518 section 3.2)',
    );
  }
  checkFields('jwt', fields, now);
  return { kind: 'jwt', jwtSecret, id, fields };
}

function checkToken(token: string, bounds: ItemBounds) {
  const fault = faultOf(token, bounds);
  if (fault !== undefined) throw invalid('token', fault);
  const sha256 = importedHash(token, 'sha256');
  const hashes = { sha256, sha512: importedHash(token, 'sha512') };
  const imported = 'plain' as const;
  return { imported, hash: 'sha256' as const, tokenHash: sha256, hashes, length: token.length };
}

/** Why a token would not be verified as it is, or could be guessed. The text repeats nothing of it. */
function faultOf(token: string, bounds: ItemBounds): string | undefined {
  const lengthMax = bounds.headerBytesMax - 'Bearer '.length;
  if (token === '') return 'is empty';
  if (token.length > lengthMax) return `is longer than ${lengthMax} characters`;
  if (/^\s|\s$/.test(token)) return 'begins or ends with a space, which no header keeps';
  if (!/^[ -~]*$/.test(token)) return 'has a character that is not printable ASCII';
  if (/[,"\\]/.test(token))
    return 'has a comma, a quote or a backslash, which no token in a header has';
  if (/^bearer( |$)/i.test(token)) return 'begins with "Bearer", which is not part of the token';
  if (!isStaticToken(token, bounds)) {
    return token.startsWith(staticTokenPrefix)
      ? 'begins with "ush_", the prefix of Usher\'s own tokens, and is none'
      : 'is a JWT, which is verified by its signature: import the secret that signs it';
  }
  if (token.length < lengthMin && !bounds.allowWeak) {
    return `is shorter than ${lengthMin} characters, so it can be guessed`;
  }
  return undefined;
}

function checkHash(secret: { sha256: Uint8Array } | { sha512: Uint8Array }) {
  const hash = 'sha256' in secret ? 'sha256' : 'sha512';
  const tokenHash = 'sha256' in secret ? secret.sha256 : secret.sha512;
  if (tokenHash.length !== hashBytes[hash]) {
    throw invalid(hash, `must be ${hashBytes[hash]} bytes long`);
  }
  return { imported: hash, hash, tokenHash, hashes: { [hash]: tokenHash } } as const;
}
