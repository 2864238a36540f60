/**
 * Who may ask for verdicts on the tokens of others (USHER_VERIFY_ACCESS): anyone, or callers that show a
 * static token with the scope usher.verify, or a client certificate with a name that is let in.
 */

import type { Awaitable } from '../store/awaitable.ts';
import type { CoherentReader, Found } from '../store/store.ts';
import { type Refusal, textOf } from '../verify/verdict.ts';
import { type Authenticate, adminActor, adminScope, verifyScope } from './caller.ts';
import { type ClientSan, createFindSan } from './client-sans.ts';
import { TokenError, type TokenErrorCode } from './errors.ts';
import { callerTokenLimits } from './limits.ts';

/** The header, or gRPC metadata, with the token of a caller. */
export const callerHeader = 'x-usher-caller';

/** The ways to be let in: either suffices. */
export type VerifyAccess = 'open' | readonly ('token' | 'mtls')[];

/** A caller that may ask. */
export interface VerifyCaller {
  /** For metrics: the name of its access token, or its entry in USHER_TLS_CLIENT_SANS; "" for anyone. */
  readonly name: string;
  /** The tokens of others are INVALID_TOKEN to it; absent for no such limit. */
  readonly owners?: readonly string[];
}

/** A caller that may not ask. */
export interface NotLetIn {
  readonly code: TokenErrorCode | 'UNAUTHENTICATED';
  /** Why, and what to do; holds nothing of what the caller sent. */
  readonly text: string;
  /** UUID of its access token; "" where it is not known. */
  readonly actor: string;
  /** The error of the authentication, if that is why. */
  readonly cause?: TokenError;
}

/** Any caller, where access is open. */
export const anyone: VerifyCaller = { name: '' };

/**
 * Decides by the value of `x-usher-caller` ("" for none) and the names of the client certificate. A
 * certificate that is let in decides alone. Throws Unavailable.
 */
export type FindVerifyCaller = (
  token: string,
  clientNames: readonly string[],
  addressOf: () => string,
) => Awaitable<VerifyCaller | NotLetIn>;

/** What finding callers needs. */
export interface VerifyCallerDeps {
  access: Exclude<VerifyAccess, 'open'>;
  clientSans: readonly ClientSan[];
  authenticate: Authenticate;
  records: CoherentReader;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Creates it. */
export function createFindVerifyCaller(deps: VerifyCallerDeps): FindVerifyCaller {
  const { access } = deps;
  const findSan = access.includes('mtls') ? createFindSan(deps.clientSans) : undefined;
  const findByToken = access.includes('token') ? createFindByToken(deps) : undefined;
  const unknown: NotLetIn = {
    code: 'UNAUTHENTICATED',
    text: `the caller is not known: ${access.map(way => ways[way]).join(', or ')}`,
    actor: '',
  };
  return (token, clientNames, addressOf) => {
    const san = findSan?.(clientNames);
    if (san !== undefined) return callerOf(san);
    if (findByToken !== undefined && token !== '') return findByToken(token, addressOf);
    return findSan !== undefined && clientNames.length > 0 ? notAmongSans : unknown;
  };
}

function callerOf({ name, owner }: ClientSan): VerifyCaller {
  return { name, ...(owner === undefined ? {} : { owners: [owner] }) };
}

const ways = {
  token: `send a static access token with the scope ${verifyScope} in ${callerHeader}`,
  mtls: 'present a client certificate whose name is in USHER_TLS_CLIENT_SANS',
};

const notAmongSans: NotLetIn = {
  code: 'PERMISSION_DENIED',
  text: 'no name of the client certificate is in USHER_TLS_CLIENT_SANS',
  actor: '',
};

/** A caller that was let in, for as long as its access token is as it was. */
interface Kept {
  caller: VerifyCaller;
  found: Found;
  /** When time alone may end it, in milliseconds since 1970. */
  untilMs: number;
}

function createFindByToken({ authenticate, records, now }: VerifyCallerDeps) {
  /** By the tokens as they are: a hash would cost more than all the rest of a call that is let in. */
  const kept = new Map<string, Kept>();

  const find = async (token: string, peer: string): Promise<VerifyCaller | NotLetIn> => {
    const caller = await authenticate(token, peer).catch(refusedBy);
    if ('code' in caller) return caller;
    if ('reason' in caller) return refused(caller);
    if (![verifyScope, adminScope].some(scope => caller.scopes.includes(scope))) {
      return { ...lacksScope, actor: caller.actor };
    }
    const { actor, owners } = caller;
    const found = actor === adminActor ? undefined : await records.find(actor);
    const named = {
      name: found?.record?.name ?? actor,
      ...(owners === undefined ? {} : { owners }),
    };
    if (found !== undefined) keep(token, named, found, caller.revision);
    return named;
  };

  /** Keeps a caller if its record is still the one that was authenticated. */
  const keep = (token: string, caller: VerifyCaller, found: Found, revision?: number) => {
    const { record } = found;
    if (record === undefined || record.revision !== revision) return;
    // One that may come from some addresses only is judged by each call's own.
    if (record.allowedSources !== undefined) return;
    const ends = record.secrets.map(({ goodUntil = Number.POSITIVE_INFINITY }) => goodUntil);
    const untilMs = Math.min(record.expiresAt ?? Number.POSITIVE_INFINITY, ...ends);
    if (kept.size >= callerTokenLimits.keptMax) kept.clear();
    kept.set(token, { caller, found, untilMs });
  };

  return (token: string, addressOf: () => string): Awaitable<VerifyCaller | NotLetIn> => {
    const known = kept.get(token);
    if (known === undefined) return find(token, addressOf());
    if (known.untilMs > now() && records.isCurrent(known.found)) return known.caller;
    kept.delete(token);
    return find(token, addressOf());
  };
}

/** A caller that the authentication does not look at is not let in, as one that it refuses. */
function refusedBy(cause: unknown): NotLetIn {
  if (!(cause instanceof TokenError)) throw cause;
  return { code: cause.code, text: cause.message, actor: '', cause };
}

function refused(refusal: Refusal): NotLetIn {
  if (refusal.reason === 'INSUFFICIENT_SCOPE') return lacksScope;
  // The words of this reason name another header.
  const isMalformed = refusal.reason === 'MALFORMED_CREDENTIALS';
  const why = isMalformed ? 'it is malformed, or there are several' : textOf(refusal);
  return {
    code: 'UNAUTHENTICATED',
    text: `the token in ${callerHeader} is refused: ${why}`,
    actor: '',
  };
}

const lacksScope: NotLetIn = {
  code: 'PERMISSION_DENIED',
  text: `the token in ${callerHeader} is not a static one with the scope ${verifyScope} or ${adminScope}`,
  actor: '',
};
