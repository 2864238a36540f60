/** Reads the claims of a JWT whose signature was right (RFC 7519 section 4.1). */

import type { Json, JsonObject } from '../store/record.ts';
import { jwtDigest, type UnverifiedJwt } from './jwt.ts';
import { decodeJsonObject, type JsonFault, type StrictObject } from './strict-json.ts';
import type { Trace } from './trace.ts';
import { type JudgedClaim, judgedClaims, type Refusal, textOf } from './verdict.ts';

/** The claims that Usher checks, with valid types. Times in seconds since 1970 (NumericDate). */
export interface Claims {
  /** All claims, those that Usher does not check included; integers beyond 2^53 as text. */
  all: JsonObject;
  /** A whole number from 1 to 2^53 - 1. */
  exp: number;
  nbf?: number;
  iat?: number;
  jti?: string;
  /** What names the JWT when it has no `jti` (see `jwtDigest`). */
  digest?: string;
  /** The `sub` claim, or "". */
  subject: string;
  /** The `aud` claim as a list; empty when the JWT has none. */
  audience: readonly string[];
  /** The scopes of the `scope` claim; absent when the JWT has none. */
  scopes?: readonly string[];
}

/**
 * Reads the claims of a JWT, or returns why they are refused. `null` counts as absent.
 */
export function readClaims(
  { payload, signingInput }: Pick<UnverifiedJwt, 'payload' | 'signingInput'>,
  depthMax: number,
  trace?: Trace,
): Claims | Refusal {
  const decoded = decodeJsonObject(payload, depthMax);
  const read = typeof decoded === 'string' ? unreadable : checkClaims(decoded, signingInput);
  trace?.('claims', !('reason' in read), claimsText(read, decoded));
  return read;
}

const unreadable: Refusal = { reason: 'MALFORMED_CLAIM' };

/** What was read, in words: names of claims that Usher judges, and no value. */
function claimsText(read: Claims | Refusal, decoded: StrictObject | JsonFault): string {
  if (typeof decoded === 'string') return `${textOf(unreadable)}: ${decoded}`;
  if (read === unreadable) return `${textOf(unreadable)}: a number that is not finite`;
  if ('reason' in read) return textOf(read);
  const has = judgedClaims.filter(name => (read.all[name] ?? null) !== null);
  return `${has.join(', ')}: each is what it must be`;
}

function checkClaims(
  { value, exact, areFinite }: StrictObject,
  signingInput: string,
): Claims | Refusal {
  const { exp = null, nbf = null, iat = null, sub = null, jti = null } = value;
  const { scope = null, aud = null } = value;
  if (exp === null) return { reason: 'JWT_MISSING_EXP' };
  if (!isTime(exp) || exp < 1) return malformed('exp');
  if (nbf !== null && !isTime(nbf)) return malformed('nbf');
  if (iat !== null && !isTime(iat)) return malformed('iat');
  if (sub !== null && !isName(sub)) return malformed('sub');
  if (jti !== null && !isName(jti)) return malformed('jti');
  if (scope !== null && typeof scope !== 'string' && !isTexts(scope)) return malformed('scope');
  const audience = typeof aud === 'string' ? [aud] : (aud ?? []);
  if (!isTexts(audience)) return malformed('aud');
  if (!areFinite) return unreadable;
  return {
    all: exact,
    exp: Math.min(Math.floor(exp), Number.MAX_SAFE_INTEGER),
    subject: sub === null ? '' : String(sub),
    audience,
    ...(nbf !== null && { nbf }),
    ...(iat !== null && { iat }),
    ...(jti !== null && { jti: String(jti) }),
    ...((jti === null || jti === '') && { digest: jwtDigest(signingInput) }),
    ...(scope !== null && { scopes: typeof scope === 'string' ? namesIn(scope) : scope }),
  };
}

function malformed(claim: JudgedClaim): Refusal {
  return { reason: 'MALFORMED_CLAIM', claim };
}

function isTime(value: Json): value is number {
  return Number.isFinite(value);
}

/** Text, or an integer that counts as its decimal text. */
function isName(value: Json): value is string | number {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

function isTexts(value: Json): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string');
}

function namesIn(scope: string): string[] {
  return scope.split(' ').filter(name => name !== '');
}
