/** Authenticates callers of the administrative API and of IssueJwt, and checks their rights. */

import { hash, timingSafeEqual } from 'node:crypto';
import { trimBlanks } from '../caching/canonical-header.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { CoherentReader } from '../store/store.ts';
import type { IsProven } from '../verify/proof-cache.ts';
import { isAllowedSource } from '../verify/source-ranges.ts';
import type { Reason, Refusal } from '../verify/verdict.ts';
import type { Verify } from '../verify/verify.ts';
import { TokenError } from './errors.ts';
import { invalid } from './faults.ts';
import type { Guesses } from './guesses.ts';
import { stateOf } from './state.ts';

/** Scope: every operation. */
export const adminScope = 'usher.admin';
/** Scope: read access tokens, their usage and the audit log. */
export const readScope = 'usher.tokens.read';
/** Scope: create, change, rotate and revoke access tokens, as far as the caller may give their scopes. */
export const writeScope = 'usher.tokens.write';
/** Scope: read the audit log. */
export const auditScope = 'usher.audit.read';
/** Scope: have JWTs signed. */
export const issueScope = 'usher.jwts.issue';
/** Scope: introspect tokens (RFC 7662). */
export const introspectScope = 'usher.introspect';
/** Scope: revoke tokens that others hold (RFC 7009). */
export const revokeScope = 'usher.revoke';
/** Scope: ask for verdicts on tokens that others hold, where USHER_VERIFY_ACCESS has `token`. */
export const verifyScope = 'usher.verify';

/** The actor that holds the admin token of the configuration. */
export const adminActor = 'admin';
/** What pages and logs call that actor. */
export const adminName = 'admin token';

/** The start of the actor of a person; the person's id follows. */
const personPrefix = 'person:';

/** The actor of a person. */
export function personActor(id: string): string {
  return `${personPrefix}${id}`;
}

/** The id of the person that an actor names; undefined for an access token and for "admin". */
export function personIn(actor: string): string | undefined {
  return actor.startsWith(personPrefix) ? actor.slice(personPrefix.length) : undefined;
}

/** An authenticated caller. */
export interface Caller {
  /**
   * UUID of the caller's access token, "person:" and the id of a person, or "admin" for the admin token of
   * the configuration.
   */
  actor: string;
  /** What people call it: the name of the person or access token; "" where only the actor is known. */
  name: string;
  /** The caller's network address as the server saw it. */
  peer: string;
  /** The caller sees and changes only access tokens of these owners; absent for no such limit. */
  owners?: readonly string[];
  /** Its scopes, which `demand` checks. */
  scopes: readonly string[];
  /** The id of the session of the web app that its call belongs to; absent for a call with a token. */
  sessionId?: string;
  /** The revision of its access token that was authenticated; absent for the admin token and for sessions. */
  revision?: number;
}

/**
 * The caller of an Authorization header, or why it is refused. `peer` is the address of the client.
 * Throws Unavailable, and TokenError RESOURCE_EXHAUSTED when its source has guessed too often.
 */
export type Authenticate = (header: string, peer: string) => Promise<Caller | Refusal>;

/** Shortest admin token, in characters. */
const adminTokenLengthMin = 32;

/** What the authentication needs. */
export interface AuthenticateDeps {
  verify: Verify;
  /** Where the names of access tokens are. */
  records: Pick<CoherentReader, 'find'>;
  /** Whether memory knows a header as good: it is never slowed. */
  isProven: IsProven;
  guesses: Pick<Guesses, 'attempt' | 'adminCameFrom' | 'hasAdminComeFrom'>;
  /** The admin token of the configuration. */
  adminToken: string;
}

/**
 * The refusals of a credential that may be a guess. All others come after the proof; without a header
 * there is nothing to try.
 */
const wrong: ReadonlySet<Reason> = new Set<Reason>([
  'MALFORMED_CREDENTIALS',
  'JWT_MISSING_KID',
  'INVALID_TOKEN',
]);

function isWrong(answer: Caller | Refusal): boolean {
  return 'reason' in answer && wrong.has(answer.reason);
}

/**
 * Creates the authentication by static token, or by the admin token of the configuration. Throws
 * Error for an admin token of fewer than 32 characters.
 */
export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { verify, records, isProven, guesses, adminToken } = deps;
  // With an empty one, every caller without a header would be the administrator.
  if (adminToken.length < adminTokenLengthMin) {
    throw new Error(`the admin token is shorter than ${adminTokenLengthMin} characters`);
  }
  const adminDigest = digest(adminToken);
  const callerOf = async (header: string, peer: string): Promise<Caller | Refusal> => {
    const verdict = await verify({ header, source: peer });
    if (!verdict.valid) return refusalIn(verdict);
    const { kind, tokenId, owner, scopes, revision } = verdict.identity;
    // The holder of a jwt secret must not become an administrator by signing a JWT.
    if (kind !== 'static') return { reason: 'INSUFFICIENT_SCOPE' };
    const { name = '' } = (await records.find(tokenId)).record ?? {};
    const caller = { actor: tokenId, name, peer, scopes, revision };
    return owner === '' ? caller : { ...caller, owners: [owner] };
  };
  /** With or without the scheme: a static token may be sent either way. */
  const isKnownToken = (token: string) => isProven(`Bearer ${token}`) || isProven(token);
  return async (header, peer) => {
    const token = trimBlanks(trimBlanks(header).replace(/^bearer[ \t]/i, ''));
    const isAdmin = timingSafeEqual(digest(token), adminDigest);
    // Memory knows the admin token always, so that a guess of it would never be slowed: where it was
    // not used before, it is an attempt like any other.
    const isKnown = isAdmin ? guesses.hasAdminComeFrom(peer) : token === '' || isKnownToken(token);
    const look = async (): Promise<Caller | Refusal> =>
      isAdmin ? adminCaller(peer) : await callerOf(header, peer);
    const caller = isKnown ? await look() : await guesses.attempt(peer, token, look, isWrong);
    if (isAdmin) guesses.adminCameFrom(peer);
    return caller;
  };
}

/** The refusal of a verdict, without the holder's identity. */
function refusalIn({ reason, claim, retryAfterMs }: Refusal): Refusal {
  return {
    reason,
    ...(claim !== undefined && { claim }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/**
 * The present rights of a caller with a session that was authenticated at `letInAt` (milliseconds
 * since 1970); undefined when the access token, or the secret that authenticated it, is no longer
 * valid, or may not be used from the address `peer`. Throws Unavailable.
 */
export type CurrentCaller = (
  actor: string,
  peer: string,
  letInAt: number,
) => Promise<Caller | undefined>;

/** Creates it. `now` is in milliseconds since 1970. */
export function createCurrentCaller(records: CoherentReader, now: () => number): CurrentCaller {
  return async (actor, peer, letInAt) => {
    if (actor === adminActor) return adminCaller(peer);
    const { record } = await records.find(actor);
    const at = now();
    if (record === undefined || stateOf(record, at) !== 'active') return undefined;
    if (record.allowedSources && !isAllowedSource(record.allowedSources, peer)) return undefined;
    const held = record.secrets.some(
      ({ createdAt, goodUntil = Number.POSITIVE_INFINITY }) =>
        createdAt <= letInAt && goodUntil > at,
    );
    if (!held) return undefined;
    const { name, owner, scopes } = record;
    return { actor, name, peer, scopes, ...(owner === undefined ? {} : { owners: [owner] }) };
  };
}

function adminCaller(peer: string): Caller {
  return { actor: adminActor, name: adminName, peer, scopes: [adminScope] };
}

/** Throws PERMISSION_DENIED unless the caller holds one of the scopes, or usher.admin. */
export function demand(caller: Caller, ...scopes: readonly string[]): void {
  if (caller.scopes.includes(adminScope) || scopes.some(scope => caller.scopes.includes(scope))) {
    return;
  }
  const wanted = [...new Set([...scopes, adminScope])].join(' or ');
  throw new TokenError('PERMISSION_DENIED', `the caller's token lacks the scope ${wanted}`);
}

/** Throws PERMISSION_DENIED for a caller that is limited to owners: `what` concerns all owners. */
export function demandNoOwner(caller: Caller, what: string): void {
  if (caller.owners === undefined) return;
  throw new TokenError('PERMISSION_DENIED', `callers limited to owners may not ${what}`);
}

/**
 * Throws PERMISSION_DENIED unless the caller has the admin token of the configuration: `what` must
 * not rest on what the store says.
 */
export function demandAdminToken(caller: Caller, what: string): void {
  if (caller.actor === adminActor) return;
  throw new TokenError(
    'PERMISSION_DENIED',
    `only the admin token of the configuration (USHER_ADMIN_TOKEN) may ${what}`,
  );
}

/**
 * The owner of an access token that the caller creates or changes. A caller limited to one owner need not
 * name it. Throws PERMISSION_DENIED for another owner, INVALID_ARGUMENT where one of several must be named.
 */
export function ownerFor({ owners }: Caller, owner: string | undefined): string | undefined {
  if (owners === undefined) return owner;
  if (owner) {
    if (owners.includes(owner)) return owner;
    throw new TokenError('PERMISSION_DENIED', 'owner: is not among the owners of the caller');
  }
  const [first, ...others] = owners;
  if (first !== undefined && others.length === 0) return first;
  throw invalid('owner', 'name one of the owners that you are limited to');
}

/** Whether the caller may see a record: it has no such limit, or the record's owner is one of its own. */
export function isVisible({ owners }: Caller, { owner }: AccessTokenRecord): boolean {
  return owners === undefined || (owner !== undefined && owners.includes(owner));
}

/** Whether two callers are limited to the same owners. */
export function haveSameOwners(
  { owners: some }: Pick<Caller, 'owners'>,
  { owners: others }: Pick<Caller, 'owners'>,
): boolean {
  return some?.toSorted().join('\n') === others?.toSorted().join('\n');
}

/**
 * The record, if it exists and the caller may see it. Throws NOT_FOUND otherwise, in both cases.
 */
export function visible(
  caller: Caller,
  record: AccessTokenRecord | undefined,
  id: string,
): AccessTokenRecord {
  if (record === undefined || !isVisible(caller, record)) {
    throw new TokenError('NOT_FOUND', `there is no access token with id ${JSON.stringify(id)}`);
  }
  return record;
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
