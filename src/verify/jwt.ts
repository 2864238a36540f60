/**
 * Parses and checks JWTs (RFC 7519, RFC 8725): first the form, then the signature, then the claims.
 */

import {
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { JsonObject } from '../store/record.ts';
import type { VerifyLimits } from './limits.ts';
import { unreadable } from './master-keys.ts';
import { decodeJsonObject } from './strict-json.ts';
import type { Reason } from './verdict.ts';

/** A well-formed JWT whose signature has not been checked. */
export interface UnverifiedJwt {
  /** UUID of the access token, in lower case. */
  kid: string;
  /** The claims, in base64url. */
  payload: string;
  /** Header and payload as received, with the dot between them (RFC 7515 section 5.2). */
  signingInput: string;
  /** The HMAC, in base64url. */
  signature: string;
}

/** The claims that Usher checks, with valid types. Times in seconds since 1970 (NumericDate). */
export interface Claims {
  /** All claims, those that Usher does not check included. */
  all: JsonObject;
  exp: number;
  nbf?: number;
  iat?: number;
  jti?: string;
  /** The `sub` claim, or "". */
  subject: string;
  /** The `aud` claim as a list; empty when the JWT has none. */
  audience: readonly string[];
  /** The scopes of the `scope` claim; absent when the JWT has none. */
  scopes?: readonly string[];
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** 32 bytes in base64url: the last character's two unused bits must be zero. */
const hs256Signature = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const accessTokenType = /^(?:application\/)?(?:at\+)?jwt$/i;
/** Header parameters that supply a key or change what is signed. Usher supports none of them. */
const refusedParameters = ['crit', 'b64', 'zip', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'];
const headerDepthMax = 4;

/**
 * Parses a JWT, or returns the reason to refuse it; NOT_JOSE for a token whose first part is no JOSE header
 * (RFC 7515 section 4), which is none. Does not check the signature.
 */
export function parseJwt(token: string): UnverifiedJwt | Reason | 'NOT_JOSE' {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const header = decodeJsonObject(head, headerDepthMax);
  if (header === undefined) return 'NOT_JOSE';
  if (!Object.hasOwn(header, 'kid')) return 'JWT_MISSING_KID';
  const { alg, kid, typ } = header;
  const formed =
    alg === 'HS256' &&
    typeof kid === 'string' &&
    uuid.test(kid) &&
    (typ === undefined || (typeof typ === 'string' && accessTokenType.test(typ))) &&
    !refusedParameters.some(name => Object.hasOwn(header, name)) &&
    hs256Signature.test(signature);
  if (!formed) return 'INVALID_TOKEN';
  return { kid, payload, signingInput: `${head}.${payload}`, signature };
}

/**
 * Whether the JWT was signed with this key (HS256, RFC 7518 section 3.2). Synchronous, since
 * WebCrypto's trip to the thread pool costs ten times as much as the HMAC.
 */
export function isSignedWith({ signingInput, signature }: UnverifiedJwt, key: KeyObject): boolean {
  const expected = createHmac('sha256', key).update(signingInput, 'ascii').digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'base64url'));
}

/** Shortest HMAC key, in bytes (RFC 7518 section 3.2). */
export const jwtKeyBytesMin = 32;

/**
 * The HMAC key of a secret: the UTF-8 bytes of the string, or the bytes that it encodes. Throws
 * Unavailable for a key that is too short, which node:crypto accepts.
 */
export function importJwtKey(secret: string, encoding: 'utf8' | 'base64' = 'utf8'): KeyObject {
  const bytes = Buffer.from(secret, encoding);
  if (bytes.length < jwtKeyBytesMin) throw unreadable('a jwt secret is shorter than 32 bytes');
  return createSecretKey(bytes);
}

/** A key that signed nothing, so that an unknown `kid` takes as long as a known one. */
export const nobodysKey = createSecretKey(randomBytes(32));

/** Reads the claims of a correctly signed JWT, or returns the reason to refuse it. */
export function readClaims(jwt: UnverifiedJwt, limits: VerifyLimits): Claims | Reason {
  const all = decodeJsonObject(jwt.payload, limits.claimsDepthMax);
  if (all === undefined) return 'INVALID_TOKEN';
  if (!Object.hasOwn(all, 'exp')) return 'JWT_MISSING_EXP';
  const { exp, nbf, iat, jti, sub, aud, scope } = all;
  const audience = Array.isArray(aud) ? aud : aud === undefined ? [] : [aud];
  const formed =
    Number.isSafeInteger(exp) &&
    (exp as number) > 0 &&
    isNumericDate(nbf) &&
    isNumericDate(iat) &&
    isText(jti) &&
    isText(sub) &&
    isText(scope) &&
    audience.every(name => typeof name === 'string');
  if (!formed) return 'INVALID_TOKEN';
  return {
    all,
    exp: exp as number,
    subject: (sub as string | undefined) ?? '',
    audience: audience as string[],
    ...(nbf === undefined ? {} : { nbf: nbf as number }),
    ...(iat === undefined ? {} : { iat: iat as number }),
    ...(jti === undefined ? {} : { jti: jti as string }),
    ...(scope === undefined
      ? {}
      : { scopes: (scope as string).split(' ').filter(name => name !== '') }),
  };
}

function isNumericDate(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER)
  );
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
