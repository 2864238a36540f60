/**
 * Finds the entries of the audit log that revoked the JWTs of a `jti` or a subject. The log holds keyed
 * digests of both, with which the given text is compared.
 */

import type { ChainedEvent } from '../store/audit.ts';
import type { RevokedJwts } from '../store/record.ts';
import { type Store, Unavailable } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { claimHashes } from '../verify/revoked-jwts.ts';
import { createNameReader, type NameOfActor } from './audit-names.ts';
import { auditLimits } from './audit-query.ts';
import { askedToken, leftOf, placeIn, readPage, selectOf, startOf, textOf } from './audit-scan.ts';
import { auditScope, type Caller, demand, readScope } from './caller.ts';
import { Faults } from './faults.ts';
import { checkText, checkUuid, fieldLimits, invalid } from './fields.ts';
import { pageTokens } from './page-token.ts';

/** What to find, and where. */
export interface RevocationQuery {
  /** A `jti` or a subject. */
  value: string;
  /** Only entries of this access token; "" or absent for all. */
  tokenId?: string | undefined;
  /** Only this entry; 0 or absent for all. */
  sequence?: number | undefined;
  /** nextPageToken of the previous page; "" or absent for the first page. */
  pageToken?: string | undefined;
}

/** An entry that revoked it. */
interface FoundRevocation {
  event: ChainedEvent;
  revoked: 'jti' | 'subject';
}

/** A page of what was found, newest first. */
interface RevocationPage {
  matches: FoundRevocation[];
  /** "" at the end. */
  nextPageToken: string;
  /** The present names of the actors and access tokens of these events, by id. */
  names: Record<string, string>;
  /** How many entries were examined. */
  examined: number;
  /** How many are left to examine, at most; 0 where that is not known. */
  left: number;
}

/** Finds them. Throws TokenError, whose message holds nothing of the text, or Unavailable. */
export type FindRevocations = (caller: Caller, query: RevocationQuery) => Promise<RevocationPage>;

/** What it needs. */
interface RevocationDeps {
  store: Pick<Store, 'get' | 'find' | 'events' | 'head'>;
  keys: MasterKeys;
  nameOfActor: NameOfActor;
}

/** Creates it. */
export function createFindRevocations({
  store,
  keys,
  nameOfActor,
}: RevocationDeps): FindRevocations {
  return async (caller, query) => {
    demand(caller, readScope, auditScope);
    const { value, sequence } = query;
    const faults = new Faults();
    checkRevocationQuery(query, faults);
    const selection = [value, query.tokenId?.toLowerCase() ?? '', sequence ?? 0];
    const tokens = pageTokens(keys, caller, { rpc: 'FindJwtRevocations', query: selection });
    const start = faults.read(() => placeIn(tokens.read(query.pageToken)));
    faults.end();
    const tokenId = await askedToken(store, caller, query.tokenId);
    const order = 'newest';
    const names = createNameReader(store, nameOfActor, caller);
    const seen = selectOf(caller, names, tokenId, undefined);
    const found: FoundRevocation[] = [];
    const select = async (events: ChainedEvent[]) => {
      const revoking = events.filter(({ after }) => after?.jwtsRevoked !== undefined);
      const chosen: ChainedEvent[] = [];
      for (const event of (await seen?.(revoking)) ?? revoking) {
        const revoked = await revokedIn(store, keys, event, value);
        if (revoked === undefined) continue;
        found.push({ event, revoked });
        chosen.push(event);
      }
      return chosen;
    };
    const only = sequence ? { low: sequence, high: sequence, after: sequence + 1 } : undefined;
    const { events, next, examined } = await readPage(
      store,
      { order, tokenId, limit: auditLimits.pageSizeDefault, select },
      start ?? only ?? (await startOf(store, { order })),
    );
    await names.load(events);
    return {
      // What no longer fits into this page is found again for the next one.
      matches: found.slice(0, events.length),
      ...{ nextPageToken: tokens.write(textOf(next)), names: names.shown(events) },
      ...{ examined, left: leftOf(order, tokenId, next) },
    };
  };
}

/** Adds what is wrong with a query to the faults. */
export function checkRevocationQuery({ value, tokenId }: RevocationQuery, faults: Faults): void {
  faults.read(() => checkValue(value));
  faults.read(() => tokenId && checkUuid('token_id', tokenId));
}

function checkValue(value: string): void {
  if (value === '') throw invalid('value', 'is empty');
  checkText('value', value, Math.max(fieldLimits.jtiLengthMax, fieldLimits.subjectLengthMax));
}

/** What an entry that revoked JWTs revoked of this text; undefined for nothing, or not known. */
async function revokedIn(
  store: Pick<Store, 'find'>,
  keys: MasterKeys,
  { tokenId, after }: ChainedEvent,
  value: string,
): Promise<FoundRevocation['revoked'] | undefined> {
  const revoked = after?.jwtsRevoked as RevokedJwts;
  const { ids = {}, subjects = {} } = revoked;
  const names = await digestsOf(store, keys, { tokenId, revoked, value });
  if (names.some(name => Object.hasOwn(ids, name))) return 'jti';
  return names.some(name => Object.hasOwn(subjects, name)) ? 'subject' : undefined;
}

/**
 * The digests of a text by the key that the entry holds. Its master key may be gone since; then those by
 * the record's key, which was sealed again.
 */
async function digestsOf(
  store: Pick<Store, 'find'>,
  keys: MasterKeys,
  { tokenId, revoked, value }: { tokenId: string; revoked: RevokedJwts; value: string },
): Promise<string[]> {
  try {
    return claimHashes(keys, { id: tokenId, revokedJwts: revoked }, value);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
  try {
    const { record } = await store.find(tokenId);
    return record === undefined ? [] : claimHashes(keys, record, value);
  } catch (error) {
    if (error instanceof Unavailable) return [];
    throw error;
  }
}
