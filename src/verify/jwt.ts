/** JWTs (RFC 7519, RFC 8725): the strict form before any crypto, then the signature, the claims last. */

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

/** A JWT of the right form, whose signature nobody has looked at. */
export interface UnverifiedJwt {
  kid: string;
  payload: string;
  /** What the signature is of: both parts as they came, and the dot between them (RFC 7515 section 5.2). */
  signingInput: string;
  signature: string;
}

/** Claims that Usher judges, of the right types. Times in seconds since 1970 (NumericDate). */
export interface Claims {
  all: JsonObject;
  exp: number;
  nbf?: number;
  iat?: number;
  jti?: string;
  subject: string;
  audience: readonly string[];
  /** The `scope` claim; absent when the JWT has none. */
  scopes?: readonly string[];
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** 32 bytes in base64url: the last character has two bits that must be zero. */
const hs256Signature = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const accessTokenType = /^(?:application\/)?(?:at\+)?jwt$/i;
/** Parameters that bring a key or change what is signed: none is ours, so none is believed. */
const refusedParameters = ['crit', 'b64', 'zip', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'];
const headerDepthMax = 4;

/** Checks the form of a JWT, or gives the reason to refuse it. */
export function parseJwt(token: string): UnverifiedJwt | Reason {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const header = decodeJsonObject(head, headerDepthMax);
  if (header === undefined) return 'INVALID_TOKEN';
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
 * Whether the JWT was signed with this key (HS256, RFC 7518 section 3.2). Done at once: a trip to the
 * thread pool, as WebCrypto makes it, costs ten times what the HMAC does.
 */
export function isSignedWith({ signingInput, signature }: UnverifiedJwt, key: KeyObject): boolean {
  const expected = createHmac('sha256', key).update(signingInput, 'ascii').digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'base64url'));
}

/**
 * Makes the HMAC key of a secret: the UTF-8 bytes of the string. Throws Unavailable for fewer than 32
 * (RFC 7518 section 3.2), which node:crypto would take.
 */
export function importJwtKey(secret: string): KeyObject {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < 32) throw unreadable('a jwt secret is shorter than 32 bytes');
  return createSecretKey(bytes);
}

/** A key that signed nothing: checking against it takes as long as against a real one. */
export const nobodysKey = createSecretKey(randomBytes(32));

/** Reads the claims of a JWT whose signature was right, or gives the reason to refuse it. */
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
