/** Who calls the API Manager's API or asks for a JWT, and what they may do. */

import { hash, timingSafeEqual } from 'node:crypto';
import type { AccessTokenRecord } from '../store/record.ts';
import type { CoherentReader } from '../store/store.ts';
import { trimBlanks } from '../verify/credential.ts';
import type { Reason } from '../verify/verdict.ts';
import type { Verify } from '../verify/verify.ts';
import { TokenError } from './errors.ts';
import { stateOf } from './state.ts';

/** May do everything. */
export const adminScope = 'usher.admin';
/** May read access tokens, their usage and the audit log. */
export const readScope = 'usher.tokens.read';
/** May have JWTs signed. */
export const issueScope = 'usher.jwts.issue';
/** May introspect and revoke tokens by RFC 7662 and RFC 7009. */
export const introspectScope = 'usher.introspect';

/** Who holds the admin token of the configuration. */
export const adminActor = 'admin';

/** A caller that was let in. */
export interface Caller {
  /** UUID of the caller's access token, or "admin" for the admin token of the configuration. */
  actor: string;
  /** The peer's address as the server saw it. */
  peer: string;
  /** Limited to access tokens of this owner; absent for no limit. */
  owner?: string;
  scopes: readonly string[];
}

/** Lets a caller in by an Authorization header, or gives the reason not to. Throws Unavailable. */
export type Authenticate = (header: string, peer: string) => Promise<Caller | Reason>;

/** Shortest admin token, in characters. */
const adminTokenLengthMin = 32;

/** Callers hold a static token, or the admin token of the configuration. */
export function createAuthenticate(verify: Verify, adminToken: string): Authenticate {
  // An empty one would let everyone in who sends no header.
  if (adminToken.length < adminTokenLengthMin) {
    throw new Error(`the admin token is shorter than ${adminTokenLengthMin} characters`);
  }
  const adminDigest = digest(adminToken);
  return async (header, peer) => {
    const token = trimBlanks(trimBlanks(header).replace(/^bearer[ \t]/i, ''));
    if (timingSafeEqual(digest(token), adminDigest)) {
      return { actor: adminActor, peer, scopes: [adminScope] };
    }
    const verdict = await verify({ header });
    if (!verdict.valid) return verdict.reason;
    const { kind, tokenId, owner, scopes } = verdict.identity;
    // Whoever may sign JWTs must not become an administrator by signing one.
    if (kind !== 'static') return 'INSUFFICIENT_SCOPE';
    return { actor: tokenId, peer, scopes, ...(owner === '' ? {} : { owner }) };
  };
}

/**
 * The caller as it is now, who was let in at a time (milliseconds since 1970) and has kept a session
 * since; undefined when the access token has ended meanwhile, or what it was let in by. Throws
 * Unavailable.
 */
export type CurrentCaller = (
  actor: string,
  peer: string,
  letInAt: number,
) => Promise<Caller | undefined>;

/** Makes it. */
export function createCurrentCaller(records: CoherentReader, now: () => number): CurrentCaller {
  return async (actor, peer, letInAt) => {
    if (actor === adminActor) return { actor, peer, scopes: [adminScope] };
    const { record } = await records.find(actor);
    const at = now();
    if (record === undefined || stateOf(record, at) !== 'active') return undefined;
    const held = record.secrets.some(
      ({ createdAt, goodUntil = Number.POSITIVE_INFINITY }) =>
        createdAt <= letInAt && goodUntil > at,
    );
    if (!held) return undefined;
    const { owner, scopes } = record;
    return { actor, peer, scopes, ...(owner === undefined ? {} : { owner }) };
  };
}

/** Throws PERMISSION_DENIED unless the caller holds one of the scopes, or usher.admin. */
export function demand(caller: Caller, ...scopes: readonly string[]): void {
  if (caller.scopes.includes(adminScope) || scopes.some(scope => caller.scopes.includes(scope))) {
    return;
  }
  const wanted = [...scopes, adminScope].join(' or ');
  throw new TokenError('PERMISSION_DENIED', `the caller's token lacks the scope ${wanted}`);
}

/** The owner of what a caller makes: the caller's own, where it has one. Throws PERMISSION_DENIED. */
export function ownerFor(caller: Caller, owner: string | undefined): string | undefined {
  if (caller.owner === undefined) return owner;
  if (owner && owner !== caller.owner) {
    throw new TokenError('PERMISSION_DENIED', "owner: is not the owner of the caller's token");
  }
  return caller.owner;
}

/** The record, if the caller may know of it; another owner's is as if it were not there. */
export function visible(
  caller: Caller,
  record: AccessTokenRecord | undefined,
  id: string,
): AccessTokenRecord {
  const shown = caller.owner === undefined || record?.owner === caller.owner;
  if (record === undefined || !shown) {
    throw new TokenError('NOT_FOUND', `there is no access token with id ${JSON.stringify(id)}`);
  }
  return record;
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
