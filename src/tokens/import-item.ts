/** Checks one token to import, and computes its hashes. */

import type { Imported, ImportedHash } from '../store/record.ts';
import { type HeaderLimits, isStaticToken } from '../verify/credential.ts';
import { jwtKeyBytesMin } from '../verify/jwt.ts';
import { importedHash } from '../verify/master-keys.ts';
import { parseStaticToken, staticTokenPrefix } from '../verify/static-token.ts';
import { Faults } from './faults.ts';
import { checkFields, checkUuid, type Fields, invalid } from './fields.ts';

/**
 * A token of another system: the token itself, which is not stored, or a hash of the whole token. Or the
 * HMAC key (RFC 2104) with which another system signs its JWTs.
 */
export type ImportedSecret = StaticSecret | { jwtSecret: Uint8Array };

type StaticSecret = { token: string } | { sha256: Uint8Array } | { sha512: Uint8Array };

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

/** Throws INVALID_ARGUMENT for every field that is wrong. */
export function checkItem(
  item: ImportItem,
  bounds: ItemBounds,
  now: number,
): CheckedItem | CheckedJwtItem {
  const { secret } = item;
  const faults = new Faults();
  const checked =
    'jwtSecret' in secret
      ? checkJwtItem(secret.jwtSecret, item, now, faults)
      : checkStaticItem(secret, item, bounds, now, faults);
  faults.end();
  return checked;
}

/** Of use where no fault was found. */
function checkStaticItem(
  secret: StaticSecret,
  { id: given, fields }: ImportItem,
  bounds: ItemBounds,
  now: number,
  faults: Faults,
): CheckedItem {
  const known = faults.read(() =>
    'token' in secret ? checkToken(secret.token, bounds) : checkHash(secret),
  );
  const own = 'token' in secret ? parseStaticToken(secret.token) : undefined;
  const id = faults.read(() => idOf(given, own));
  faults.read(() => checkFields('static', fields, now));
  return {
    kind: 'static',
    ...(known as NonNullable<typeof known>),
    fields,
    ...(id === undefined ? {} : { id }),
  };
}

/** The UUID of the new access token; undefined to generate one. */
function idOf(given: string | undefined, own: string | undefined): string | undefined {
  const id = given ? checkUuid('id', given) : undefined;
  if (own === undefined || id === undefined || id === own) return own ?? id;
  throw invalid('id', `must be ${own}, which the token contains, or empty`);
}

/** Of use where no fault was found. */
function checkJwtItem(
  jwtSecret: Uint8Array,
  { id: given, fields }: ImportItem,
  now: number,
  faults: Faults,
): CheckedJwtItem {
  const id = faults.read(() => {
    if (!given) throw invalid('id', 'is required: the kid of the JWTs');
    return checkUuid('id', given);
  });
  faults.read(() => checkKeyLength(jwtSecret.length));
  faults.read(() => checkFields('jwt', fields, now));
  return { kind: 'jwt', jwtSecret, id: id ?? '', fields };
}

function checkKeyLength(length: number): void {
  if (length >= jwtKeyBytesMin && length <= jwtKeyBytesMax) return;
  throw invalid(
    'jwt_secret',
    `is ${length} bytes long; HS256 keys are ${jwtKeyBytesMin} to ${jwtKeyBytesMax} ` +
      '(RFC 7518 section 3.2)',
  );
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
