/** Checks a token whose hash or signature was correct: time, revocation, source, audience, scope. */

import type { TokenLimits } from '../limiting/token-limits.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Claims } from './claims.ts';
import type { VerifyLimits } from './limits.ts';
import type { MasterKeys } from './master-keys.ts';
import { jwtRevokedBy } from './revoked-jwts.ts';
import { isAllowedSource } from './source-ranges.ts';
import { counted, type Trace, timeText } from './trace.ts';
import type { Identity, Refusal } from './verdict.ts';

/** What a request requires of the token. */
export interface Requirements {
  /** "" requires none. */
  audience: string;
  /** The token must have all of them. */
  requiredScopes: readonly string[];
  /** The address from which the token was used; "" when it is not known. */
  source: string;
}

/** The identity of a token; `claims` are those of a JWT. */
export function identify(record: AccessTokenRecord, claims: Claims | undefined): Identity {
  const recordEnd = Math.floor((record.expiresAt ?? 0) / 1000);
  const ends = [recordEnd, claims?.exp ?? 0].filter(end => end > 0);
  return {
    tokenId: record.id,
    kind: record.kind,
    owner: record.owner ?? '',
    subject: claims?.subject ?? '',
    jti: claims?.jti ?? '',
    // A JWT's `scope` can only narrow the access token's scopes: the signer must not widen them.
    scopes: claims?.scopes?.filter(scope => record.scopes.includes(scope)) ?? record.scopes,
    exp: ends.length === 0 ? 0 : Math.min(...ends),
    ...(claims === undefined ? {} : { claims: claims.all }),
    ...(record.metadata === undefined ? {} : { metadata: record.metadata }),
    revision: record.revision,
  };
}

/** A token to judge. */
export interface Judged {
  record: AccessTokenRecord;
  /** Those of a JWT. */
  claims: Claims | undefined;
  identity: Identity;
}

/**
 * The first refusal, in the order of the verdict table; undefined for a valid token. `now` is in
 * milliseconds since 1970. Throws Unavailable when the record's revocations cannot be read.
 */
export function judge(
  token: Judged,
  requirements: Requirements,
  now: number,
  { keys, limits }: { keys: MasterKeys; limits: VerifyLimits },
  trace?: Trace,
): Refusal | undefined {
  const { record, claims } = token;
  return (
    (claims && judgeTimes(record, claims, now, limits, trace)) ??
    judgeEnd(record, now, trace) ??
    judgeRevocation(record, claims, keys, trace) ??
    judgeSource(record, requirements, trace) ??
    judgeAudience(record, claims, requirements, trace) ??
    judgeScopes(token.identity, requirements, trace)
  );
}

function judgeTimes(
  record: AccessTokenRecord,
  { exp, nbf, iat }: Claims,
  now: number,
  limits: VerifyLimits,
  trace?: Trace,
): Refusal | undefined {
  const seconds = now / 1000;
  const lifetime = exp - (iat ?? seconds);
  const longest = record.jwtLifetimeMaxSeconds ?? Number.POSITIVE_INFINITY;
  const isTooLong = lifetime > longest;
  if (longest !== Number.POSITIVE_INFINITY) {
    const from = iat === undefined ? 'now' : 'iat';
    trace?.('claims', !isTooLong, `exp is ${lifetime} s after ${from}; ${longest} s are allowed`);
  }
  if (isTooLong) return { reason: 'MALFORMED_CLAIM', claim: 'exp' };
  const latest = seconds + limits.clockSkewSecondsMax;
  const early = (nbf ?? 0) > latest ? 'nbf' : (iat ?? 0) > latest ? 'iat' : undefined;
  if (early !== undefined) {
    const time = timeText((early === 'nbf' ? (nbf ?? 0) : (iat ?? 0)) * 1000);
    trace?.('time', false, `${early} is ${time}, now is ${timeText(now)}`);
    return notYetValid;
  }
  const isOver = exp <= seconds;
  trace?.('time', !isOver, `exp is ${timeText(exp * 1000)}, now is ${timeText(now)}`);
  return isOver ? expired : undefined;
}

function judgeEnd({ expiresAt }: AccessTokenRecord, now: number, trace?: Trace) {
  const isOver = (expiresAt ?? Number.POSITIVE_INFINITY) <= now;
  const end = (ms: number) => `${isOver ? 'expired' : 'expires'} at ${timeText(ms)}`;
  trace?.(
    'time',
    !isOver,
    `the access token ${expiresAt === undefined ? 'never expires' : end(expiresAt)}`,
  );
  return isOver ? expired : undefined;
}

function judgeRevocation(
  record: AccessTokenRecord,
  claims: Claims | undefined,
  keys: MasterKeys,
  trace?: Trace,
): Refusal | undefined {
  const { revokedAt } = record;
  if (revokedAt !== undefined) {
    trace?.('revocation', false, `the access token was revoked at ${timeText(revokedAt)}`);
    return revoked;
  }
  trace?.('revocation', true, 'the access token is not revoked');
  if (claims === undefined) return undefined;
  const by = jwtRevokedBy(keys, record, claims);
  trace?.(
    'revocation',
    by === undefined,
    `this JWT is ${by ? `revoked, by ${by}` : 'not revoked'}`,
  );
  return by === undefined ? undefined : revoked;
}

function judgeSource(
  { allowedSources }: AccessTokenRecord,
  { source }: Requirements,
  trace?: Trace,
): Refusal | undefined {
  if (allowedSources === undefined) return undefined;
  const isAllowed = isAllowedSource(allowedSources, source);
  if (trace !== undefined) {
    const place = source === '' ? 'the address is not known' : source;
    const ranges = allowedSources.join(', ');
    trace('source', isAllowed, `${place}; the access token may be used from ${ranges}`);
  }
  return isAllowed ? undefined : wrongSource;
}

function judgeAudience(
  { audiences }: AccessTokenRecord,
  claims: Claims | undefined,
  { audience }: Requirements,
  trace?: Trace,
): Refusal | undefined {
  if (claims === undefined) {
    trace?.('audience', true, 'a static token is meant for every audience');
    return undefined;
  }
  if (audience !== '' && !claims.audience.includes(audience)) {
    trace?.('audience', false, 'aud does not name the required audience');
    return wrongAudience;
  }
  if (audiences !== undefined && !isWithin(claims.audience, audiences)) {
    trace?.('audience', false, 'aud is missing, or names one that the access token does not allow');
    return wrongAudience;
  }
  const asked = audience === '' ? 'none is required' : 'aud names the required one';
  trace?.(
    'audience',
    true,
    `${asked}; the access token allows ${audiences ? 'all of aud' : 'any'}`,
  );
  return undefined;
}

function judgeScopes(
  { scopes }: Identity,
  { requiredScopes }: Requirements,
  trace?: Trace,
): Refusal | undefined {
  const isMet = requiredScopes.every(scope => scopes.includes(scope));
  if (trace !== undefined) {
    const lacking = requiredScopes.filter(scope => !scopes.includes(scope));
    const held = `${counted(requiredScopes.length, 'scope')} required, ${scopes.length} held`;
    trace('scopes', isMet, isMet ? held : `${held}; lacking: ${lacking.join(' ')}`);
  }
  return isMet ? undefined : insufficientScope;
}

/**
 * The last step: counts a use of a token with limits, and refuses it when it is over one. An explanation
 * only looks.
 */
export function judgeLimits(
  { record, identity }: Judged,
  now: number,
  tokenLimits: TokenLimits,
  trace?: Trace,
): Refusal | undefined {
  const ask = trace === undefined ? tokenLimits.take : tokenLimits.isOver;
  const over = ask(record, identity.subject, now);
  if (trace !== undefined) {
    const left = tokenLimits
      .uses(record, identity.subject, now)
      .map(({ limit, remaining, requests }) => `${remaining} of ${requests} left of the ${limit}`);
    trace('limits', over === undefined, `${left.join(', ')}; what this replica knows`);
  }
  return over === undefined ? undefined : { reason: 'RATE_LIMITED', ...over };
}

const notYetValid: Refusal = { reason: 'NOT_YET_VALID' };
const expired: Refusal = { reason: 'EXPIRED' };
const revoked: Refusal = { reason: 'REVOKED' };
const wrongSource: Refusal = { reason: 'WRONG_SOURCE' };
const wrongAudience: Refusal = { reason: 'WRONG_AUDIENCE' };
const insufficientScope: Refusal = { reason: 'INSUFFICIENT_SCOPE' };

function isWithin(named: readonly string[], allowed: readonly string[]): boolean {
  return named.length > 0 && named.every(name => allowed.includes(name));
}
