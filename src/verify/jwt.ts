/**
 * Parses and checks JWTs (RFC 7519, RFC 8725): first the form, then the signature, then the claims.
 */

import {
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { JsonObject } from '../store/record.ts';
import { unreadable } from './master-keys.ts';
import { decodeJsonObject, isCanonical } from './strict-json.ts';
import type { Trace } from './trace.ts';
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

/** A UUID in either case (RFC 9562 section 4). */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** 32 bytes in base64url: the last character's two unused bits must be zero. */
const hs256Signature = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const accessTokenType = /^(?:application\/)?(?:at\+)?jwt$/i;
/** Header parameters that supply a key or change what is signed. Usher supports none of them. */
const refusedParameters = ['crit', 'b64', 'zip', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'];
const headerDepthMax = 4;

/**
 * The header of a token of three dotted parts; undefined when it is no JOSE header (RFC 7515 section
 * 4), so that the token is no JWT.
 */
export function parseJoseHeader(token: string): JsonObject | undefined {
  const head = token.slice(0, token.indexOf('.'));
  if (!isCanonical(head)) return undefined;
  const header = decodeJsonObject(head, headerDepthMax);
  return typeof header === 'object' && header.areFinite ? header.value : undefined;
}

/**
 * Parses a JWT, whose three parts hold only characters of base64url, or returns the reason to refuse
 * it. Does not check the signature.
 */
export function parseJwt(token: string, header: JsonObject, trace?: Trace): UnverifiedJwt | Reason {
  const [head, payload, signature] = token.split('.') as [string, string, string];
  if (!Object.hasOwn(header, 'kid')) {
    trace?.('form', false, "a JWT whose header has no 'kid'");
    return 'JWT_MISSING_KID';
  }
  const fault = faultOf(header, payload, signature);
  if (fault !== undefined) {
    trace?.('form', false, `a JWT, but ${fault}`);
    return 'INVALID_TOKEN';
  }
  trace?.('form', true, "a JWT of HS256 with a 'kid'");
  const kid = (header.kid as string).toLowerCase();
  return { kid, payload, signingInput: `${head}.${payload}`, signature };
}

/** What is wrong with the form of a JWT, in words that hold nothing of it. */
function faultOf(header: JsonObject, payload: string, signature: string) {
  const { alg, kid, typ } = header;
  if (alg !== 'HS256') return 'its alg is not HS256';
  if (typeof kid !== 'string' || !uuid.test(kid)) return 'its kid is not a UUID';
  if (typ !== undefined && !(typeof typ === 'string' && accessTokenType.test(typ))) {
    return 'its typ is not JWT or at+jwt';
  }
  const refused = refusedParameters.find(name => Object.hasOwn(header, name));
  if (refused !== undefined) return `its header has the parameter ${refused}`;
  if (!isCanonical(payload)) return 'its payload is not canonical base64url';
  if (!hs256Signature.test(signature)) return 'its signature is not 32 bytes in base64url';
  return undefined;
}

/**
 * Whether the JWT was signed with this key (HS256, RFC 7518 section 3.2). Synchronous, since
 * WebCrypto's trip to the thread pool costs ten times as much as the HMAC.
 */
export function isSignedWith({ signingInput, signature }: UnverifiedJwt, key: KeyObject): boolean {
  const expected = createHmac('sha256', key).update(signingInput).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'base64url'));
}

/** Names a JWT that has no `jti`: a digest of all that is signed, whatever its signature is spelt like. */
export function jwtDigest(jwt: string): string {
  const signed = jwt.split('.', 2).join('.');
  return hash('sha256', signed, 'base64url');
}

/** Shortest HMAC key, in bytes (RFC 7518 section 3.2). */
export const jwtKeyBytesMin = 32;

/**
 * The HMAC key of a secret: the UTF-8 bytes of the string, or the bytes that it encodes. Throws
 * Unavailable for a key that is too short, which node:crypto accepts.
 */
export function importJwtKey(secret: string, encoding?: 'base64'): KeyObject {
  const bytes = Buffer.from(secret, encoding);
  if (bytes.length < jwtKeyBytesMin) throw unreadable('a jwt secret is shorter than 32 bytes');
  return createSecretKey(bytes);
}

/** A key that signed nothing, so that an unknown `kid` takes as long as a known one. */
export const nobodysKey = createSecretKey(randomBytes(32));
