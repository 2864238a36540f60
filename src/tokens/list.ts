/** Lists access tokens: scans them in the store's order and filters them. */

import { cursorBehind } from '../store/cursor.ts';
import type { AccessTokenRecord, Kind } from '../store/record.ts';
import type { Scan, Store, Usage } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { type Caller, demand, readScope } from './caller.ts';
import { Faults } from './faults.ts';
import { checkPageSize } from './fields.ts';
import { pageTokens } from './page-token.ts';
import { stateOf } from './state.ts';

/** Filter, order and page of a list. */
export interface ListQuery {
  /** 1 to 200; 0 means 50. */
  pageSize: number;
  /**
   * nextPageToken of the previous page, with the same filter and order; "" or absent for the first.
   */
  pageToken?: string | undefined;
  kind?: Kind | undefined;
  /** Exactly this owner; "" or absent for all. */
  owner?: string | undefined;
  state?: 'active' | 'expired' | 'revoked' | undefined;
  /** Text in the id, name, owner or a scope, ignoring case; "" or absent for all. */
  text?: string | undefined;
  /** Only active access tokens that expire within this time from now, by expiry; absent for all. */
  expiresWithinMs?: number | undefined;
  /** 'expiry' leaves out access tokens that never expire. */
  sort: 'newest' | 'oldest' | 'expiry';
}

/** A page of a list. It can be short, even empty, when more follow. */
export interface ListPage {
  records: AccessTokenRecord[];
  /** One per record, in the same order. */
  usage: Usage[];
  /** "" at the end. */
  nextPageToken: string;
  /** How many access tokens the caller may see in total, without any filter. */
  total: number;
}

/** Limits of a list. */
export const listLimits = {
  pageSizeDefault: 50,
  pageSizeMax: 200,
  /** Records examined per page, so that a selective filter does not overload the store. */
  examinedMax: 2000,
} as const;

/** The dependencies of a list. */
export interface ListDeps {
  store: Store;
  keys: MasterKeys;
  /** The current time in milliseconds since 1970. */
  now: () => number;
}

/** Reads a page. Throws TokenError or Unavailable. */
export async function list(
  { store, keys, now }: ListDeps,
  caller: Caller,
  query: ListQuery,
): Promise<ListPage> {
  demand(caller, readScope);
  const at = now();
  const pageSize = query.pageSize || listLimits.pageSizeDefault;
  const walk = walkOf(caller, query, at);
  const passes = filterOf(caller, query, at);
  const records: AccessTokenRecord[] = [];
  const tokens = pageTokens(keys, caller, { rpc: 'List', query: selectionOf(query) });
  const faults = new Faults();
  faults.read(() => checkPageSize(query.pageSize, listLimits.pageSizeMax));
  let cursor = faults.read(() => tokens.read(query.pageToken));
  faults.end();
  const pageOf = (next: string | undefined) => finish(store, caller, records, tokens.write(next));
  let examined = 0;
  do {
    // Reads what the page still lacks, or more when few records passed the filter so far.
    const sparse = examined > 0 && records.length < examined / 4;
    const limit = sparse ? 500 : pageSize - records.length;
    const page = await store.scan(
      cursor === undefined ? { ...walk, limit } : { ...walk, limit, after: cursor },
    );
    cursor = page.cursor;
    examined += limit;
    for (const record of page.records) {
      if (records.length === pageSize) {
        // The next page starts after the last record of this one.
        const last = records[pageSize - 1] as AccessTokenRecord;
        return await pageOf(cursorBehind(walk.order, last));
      }
      if (
        walk.order === 'expiry' &&
        (record.expiresAt ?? 0) > at + (query.expiresWithinMs ?? Number.POSITIVE_INFINITY)
      ) {
        return await pageOf(undefined);
      }
      if (passes(record)) records.push(record);
    }
  } while (cursor !== undefined && records.length < pageSize && examined < listLimits.examinedMax);
  return await pageOf(cursor);
}

async function finish(
  store: Store,
  caller: Caller,
  records: AccessTokenRecord[],
  nextPageToken: string,
): Promise<ListPage> {
  const [usage, total] = await Promise.all([
    store.usage(records.map(record => record.id)),
    store.count(caller.owner),
  ]);
  return { records, usage, nextPageToken, total };
}

/** What selects and orders a list, as its page tokens are bound to it. */
export function selectionOf(query: ListQuery): (string | number)[] {
  const { kind, owner, state, text, expiresWithinMs, sort } = query;
  return [kind ?? '', owner ?? '', state ?? '', text ?? '', expiresWithinMs ?? '', sort];
}

/** Where a list begins, and in which order it goes. `now` is in milliseconds since 1970. */
export function walkOf(
  caller: Caller,
  query: ListQuery,
  now: number,
): Omit<Scan, 'limit' | 'after'> {
  if (query.expiresWithinMs !== undefined) return { order: 'expiry', expiresAfter: now };
  if (query.sort === 'expiry') return { order: 'expiry' };
  const owner = caller.owner ?? query.owner;
  return { order: query.sort, ...(owner ? { owner } : {}) };
}

/** Which records a list shows. `now` is in milliseconds since 1970. */
export function filterOf(caller: Caller, query: ListQuery, now: number) {
  const text = query.text?.toLowerCase();
  const owner = caller.owner ?? query.owner;
  return (record: AccessTokenRecord): boolean => {
    if (caller.owner !== undefined && query.owner && query.owner !== caller.owner) return false;
    if (owner && record.owner !== owner) return false;
    if (query.kind !== undefined && record.kind !== query.kind) return false;
    const state = stateOf(record, now);
    if (query.state !== undefined && state !== query.state) return false;
    if (query.expiresWithinMs !== undefined && state !== 'active') return false;
    if (!text) return true;
    return [record.id, record.name, record.owner ?? '', ...record.scopes].some(value =>
      value.toLowerCase().includes(text),
    );
  };
}
