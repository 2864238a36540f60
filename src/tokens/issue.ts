/** Signs JWTs for jwt access tokens (RFC 7519, HS256). */

import { SignJWT } from 'jose';
import { v4 } from 'uuid';
import type { AccessTokenRecord, JsonObject } from '../store/record.ts';
import type { TokenReader } from '../store/store.ts';
import { importJwtKey } from '../verify/jwt.ts';
import type { VerifyLimits } from '../verify/limits.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { claimHashes } from '../verify/revoked-jwts.ts';
import { type Caller, demand, issueScope, visible } from './caller.ts';
import { TokenError } from './errors.ts';
import { checkAll, Faults } from './faults.ts';
import {
  checkAudiences,
  checkJson,
  checkScopes,
  checkText,
  checkUuid,
  fieldLimits,
  invalid,
} from './fields.ts';
import { stateOf } from './state.ts';
import type { Sums } from './sums.ts';

/** The JWT to sign. */
export interface JwtOrder {
  /** UUID of the jwt access token, in either case. */
  tokenId: string;
  /** The `sub` claim; "" omits it. */
  subject: string;
  /** The `aud` claim; empty omits it. */
  audience: string[];
  /** The `scope` claim; empty omits it. */
  scopes: string[];
  /** Further claims; none of those that Usher sets or checks. */
  claims: JsonObject;
  /** Either a lifetime from now in seconds, or the `exp` claim in seconds since 1970. */
  expiry: { lifetimeSeconds: number } | { exp: number };
}

/** A signed JWT. Times in seconds since 1970. */
interface IssuedJwt {
  jwt: string;
  jti: string;
  iat: number;
  exp: number;
  /** The name of the access token that it is of. */
  tokenName: string;
}

/** Signs a JWT. Throws TokenError or Unavailable. */
export type IssueJwt = (caller: Caller, order: JwtOrder) => Promise<IssuedJwt>;

/** Claims that Usher sets or checks itself. */
const reservedClaims = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope'];
/** Creates the signer. Its JWTs stay within `limits`, so that they pass verification. */
export function createIssueJwt(
  tokens: TokenReader,
  keys: MasterKeys,
  now: () => number,
  limits: VerifyLimits,
): IssueJwt {
  const jwtBytesMax = limits.headerBytesMax - 'Bearer '.length;
  return async (caller, order) => {
    demand(caller, issueScope);
    checkOrderAlone(order, limits.claimsDepthMax);
    const id = order.tokenId.toLowerCase();
    const record = visible(caller, await tokens.get(id), order.tokenId);
    const iat = issuedAt(keys, record, order.subject, now());
    const exp = 'exp' in order.expiry ? order.expiry.exp : iat + order.expiry.lifetimeSeconds;
    checkOrder(record, order, iat, exp, now());

    const [current] = record.secrets;
    if (current === undefined) throw new Error('the record has no secret');
    const key = importJwtKey(keys.open(current, id), current.encoding);
    const jti = v4();
    const jwt = await new SignJWT(claimsOf(order, { iat, exp, jti }))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: id })
      .sign(key);
    if (jwt.length > jwtBytesMax) {
      throw invalid('claims', `make the JWT longer than ${jwtBytesMax} bytes`);
    }
    return { jwt, jti, iat, exp, tokenName: record.name };
  };
}

/** Counts each JWT that is signed, for the audit log. */
export function countIssued(issue: IssueJwt, sums: Pick<Sums, 'issued'>): IssueJwt {
  return async (caller, order) => {
    const issued = await issue(caller, order);
    sums.issued(caller, { id: order.tokenId.toLowerCase(), name: issued.tokenName });
    return issued;
  };
}

/**
 * The `iat` claim. A JWT issued in the second of a revocation counts as issued before it, so one
 * signed later in that second is dated the next second.
 */
function issuedAt(
  keys: MasterKeys,
  record: AccessTokenRecord,
  subject: string,
  now: number,
): number {
  const { issuedBefore = 0, subjects = {} } = record.revokedJwts ?? {};
  const times = claimHashes(keys, record, subject).map(name => subjects[name] ?? 0);
  const revoked = Math.max(issuedBefore, ...times);
  return Math.max(Math.floor(now / 1000), Math.ceil(revoked / 1000));
}

function claimsOf(order: JwtOrder, times: { iat: number; exp: number; jti: string }): JsonObject {
  const { subject, audience, scopes, claims } = order;
  const [only] = audience;
  return {
    ...claims,
    ...(subject === '' ? {} : { sub: subject }),
    ...(only === undefined ? {} : { aud: audience.length === 1 ? only : audience }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...times,
  };
}

/**
 * Checks what an order holds, whatever the access token. Throws one INVALID_ARGUMENT for all that is
 * wrong, together with what `faults` holds already.
 */
export function checkOrderAlone(
  order: Omit<JwtOrder, 'expiry'>,
  claimsDepthMax: number,
  faults = new Faults(),
): void {
  faults.read(() => checkUuid('token_id', order.tokenId));
  faults.read(() => checkText('subject', order.subject, fieldLimits.subjectLengthMax));
  faults.read(() => checkAudiences('audience', order.audience));
  faults.read(() => checkScopes('scopes', order.scopes));
  faults.read(() => {
    const reserved = reservedClaims.find(name => Object.hasOwn(order.claims, name));
    if (reserved !== undefined) {
      throw invalid('claims', `must not hold "${reserved}", which Usher sets or checks itself`);
    }
    // Claims that are too deep, or half a surrogate pair, would make a JWT that verification
    // refuses.
    checkJson('claims', order.claims, claimsDepthMax);
  });
  faults.end();
}

function checkOrder(
  record: AccessTokenRecord,
  order: JwtOrder,
  iat: number,
  exp: number,
  now: number,
): void {
  if (record.kind !== 'jwt') {
    throw new TokenError('FAILED_PRECONDITION', 'the access token is static: it signs no JWTs');
  }
  const state = stateOf(record, now);
  if (state !== 'active')
    throw new TokenError('FAILED_PRECONDITION', `the access token is ${state}`);

  checkAll(
    () => {
      const strange = order.audience.some(name => !(record.audiences?.includes(name) ?? true));
      if (!strange && (record.audiences === undefined || order.audience.length > 0)) return;
      throw invalid('audience', 'must name audiences that the access token allows');
    },
    () => {
      if (order.scopes.every(scope => record.scopes.includes(scope))) return;
      throw invalid('scopes', 'must be among those of the access token');
    },
    () => checkExpiry(record, iat, exp),
  );
}

function checkExpiry({ jwtLifetimeMaxSeconds }: AccessTokenRecord, iat: number, exp: number): void {
  if (!Number.isSafeInteger(exp) || exp <= iat) {
    throw invalid(
      'expiry',
      'must be in the future: at least 1 s from now, below 2^53 s since 1970',
    );
  }
  if (exp - iat > (jwtLifetimeMaxSeconds ?? Number.POSITIVE_INFINITY)) {
    throw invalid(
      'expiry',
      `is beyond the access token's jwt_lifetime_max of ${jwtLifetimeMaxSeconds} s`,
    );
  }
}
