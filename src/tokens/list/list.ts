/** Lists access tokens: from an index of the store, or by way of the directory, which can search and sort. */

import type { AccessTokenRecord } from '../../store/record.ts';
import type { Store, Usage } from '../../store/store.ts';
import { rest } from '../../timing/slices.ts';
import type { MasterKeys } from '../../verify/master-keys.ts';
import { type Caller, demand, readScope } from '../caller.ts';
import { TokenError } from '../errors.ts';
import { Faults } from '../faults.ts';
import { checkPageSize } from '../fields.ts';
import { pageTokens } from '../page-token.ts';
import { countOwners, scanOwners } from '../scan-owners.ts';
import type { Directory, DirectoryView } from './directory.ts';
import { filterOf, type Passes } from './filter.ts';
import { createShortener, type Listed } from './listed.ts';
import { cursorAt, orderOf, type Place, placeAt, storeOrderOf } from './order.ts';
import { type ListPage, type ListQuery, listLimits, ownersOf, selectionOf } from './query.ts';
import { select } from './select.ts';

/** The dependencies of a list. */
export interface ListDeps {
  store: Store;
  keys: MasterKeys;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Absent: all that no index has is searched in the store, and some orders are refused. */
  directory?: Directory | undefined;
}

/** Where a list goes on. */
interface Walk {
  /** Behind this place; absent for the start. */
  after?: Place;
  /** When the first page was read, in milliseconds since 1970. */
  startedAt: number;
  /** What the pages before this one searched, and found. */
  searched: number;
  found: number;
}

/** A list under way. */
interface Listing {
  owners: readonly string[] | undefined;
  query: ListQuery;
  walk: Walk;
  at: number;
  pageSize: number;
  /** Whether someone looks at the API Manager. */
  isPerson: boolean;
}

/** What a page has found; without `next` it is the last one. */
interface Found {
  rows: Row[];
  next?: Walk;
  searched: number;
  matching: number;
  isCounted: boolean;
}

interface Row {
  record: AccessTokenRecord;
  usage: Usage;
}

/** Reads a page. Throws TokenError or Unavailable. */
export async function list(deps: ListDeps, caller: Caller, asked: ListQuery): Promise<ListPage> {
  demand(caller, readScope);
  const at = deps.now();
  // Those that expire soon have been listed by expiry since there is this filter.
  const isByExpiry = asked.expiresWithinMs !== undefined && /^(newest|oldest)$/.test(asked.sort);
  const query: ListQuery = isByExpiry ? { ...asked, sort: 'expiry' } : asked;
  const tokens = pageTokens(deps.keys, caller, { rpc: 'List', query: selectionOf(asked) });
  const faults = new Faults();
  faults.read(() => checkPageSize(query.pageSize, listLimits.pageSizeMax));
  const read = faults.read(() => tokens.read(query.pageToken));
  faults.end();
  const start: Walk = { startedAt: at, searched: 0, found: 0 };
  const walk = read === undefined ? start : (JSON.parse(read) as Walk);
  const pageSize = query.pageSize || listLimits.pageSizeDefault;
  const isPerson = caller.sessionId !== undefined;
  const listing = { owners: ownersOf(caller, query), query, walk, at, pageSize, isPerson };
  const total = await countOwners(deps.store, caller.owners);
  const found = (await searchDirectory(deps, listing)) ?? (await searchStore(deps, listing));
  const indexed = await countIndexed(deps.store, listing);
  return {
    records: found.rows.map(({ record }) => record),
    usage: found.rows.map(({ usage }) => usage),
    nextPageToken: tokens.write(found.next && JSON.stringify(found.next)),
    total,
    searched: found.next === undefined ? total : Math.min(found.searched, total),
    matching: indexed ?? found.matching,
    isCounted: indexed !== undefined || found.isCounted,
  };
}

/** Whether an index of the store has just what is asked for, in its order. */
function isIndexed({ owners, query }: Listing): boolean {
  const { kind, state, text, scope, unusedMs, madeBy, expiresWithinMs } = query;
  const order = storeOrderOf(query);
  const isFiltered =
    kind !== undefined || state !== undefined || text || scope || madeBy || unusedMs !== undefined;
  if (order === undefined || isFiltered) return false;
  if (order === 'expiry') return owners === undefined;
  return expiresWithinMs === undefined;
}

/** A page by way of the directory; undefined when it is not needed, or has no room. */
async function searchDirectory(deps: ListDeps, listing: Listing): Promise<Found | undefined> {
  const { directory } = deps;
  const { isPerson } = listing;
  if (isIndexed(listing)) {
    // Someone who looks at the first page searches next.
    if (isPerson) directory?.warm();
    return undefined;
  }
  const { owners, query, walk, at, pageSize } = listing;
  const withUsage = query.unusedMs !== undefined || query.sort === 'last used';
  const view = await directory?.view(withUsage, listLimits.searchMs);
  if (directory === undefined || view === undefined) {
    if (storeOrderOf(query) !== undefined) return undefined;
    throw tooMany('this order');
  }
  const { searched, isComplete, readFrom } = view;
  const passes = filterOf(owners, query, at);
  const order = orderOf(query, walk.startedAt);
  // While it is made, from the newest to the oldest, it has the first of this order already.
  const part = partOf(view, query, withUsage);
  if (part === undefined) {
    return { rows: [], next: { ...walk, searched }, searched, matching: 0, isCounted: false };
  }
  const isIn = (listed: Listed) => part(listed) && passes(listed);
  const seen = { passes: isIn, order, limit: pageSize };
  const selected = await directory.search(() => select(view.entries.values(), seen, walk.after));
  const { places, hasMore, matching } = selected;
  const rows = await readRows(deps.store, places, passes);
  const end = hasMore
    ? places.at(-1)
    : readFrom === undefined
      ? undefined
      : placeAt('newest', readFrom);
  const next = end && { next: { ...walk, after: end, searched, found: 0 } };
  return { rows, ...next, searched, matching, isCounted: isComplete };
}

/** The error for what only the directory can tell. */
export function tooMany(what: string): TokenError {
  return new TokenError(
    'FAILED_PRECONDITION',
    `there are too many access tokens for ${what}: the server needs a higher USHER_LIST_MEMORY_MB`,
  );
}

/** Which entries of a directory can be listed already; undefined for none. */
function partOf(
  { isComplete, readFrom }: DirectoryView,
  { sort }: ListQuery,
  withUsage: boolean,
): Passes | undefined {
  if (isComplete) return () => true;
  if (sort !== 'newest' || withUsage || readFrom === undefined) return undefined;
  return ({ id }) => id >= readFrom;
}

/** The records at these places as they are now, without those that match no longer. */
async function readRows(store: Store, places: Place[], passes: Passes): Promise<Row[]> {
  const records = await Promise.all(places.map(async ({ id }) => await store.get(id)));
  return await passing(
    store,
    records.filter(record => record !== undefined),
    passes,
  );
}

/** Which of some records match, with their usage. */
async function passing(
  store: Pick<Store, 'usage'>,
  records: AccessTokenRecord[],
  passes: Passes,
): Promise<Row[]> {
  const { shorten } = createShortener();
  // What is already out without its usage needs none read.
  const some = records.filter(record => passes(shorten(record)));
  const usage = await store.usage(some.map(({ id }) => id));
  return some
    .map((record, n) => ({ record, usage: usage[n] ?? { days: {} } }))
    .filter(row =>
      passes(shorten(row.record, { lastUsedAt: row.usage.lastUsedAt ?? 0, useSeenAt: 0 })),
    );
}

/** A page that is read from the store in the order of one of its indexes. */
async function searchStore(deps: ListDeps, listing: Listing): Promise<Found> {
  const { owners, query, walk, at, pageSize } = listing;
  const order = storeOrderOf(query) ?? 'newest';
  const { expiresWithinMs } = query;
  const lastEnd = expiresWithinMs === undefined ? undefined : at + expiresWithinMs;
  const passes = filterOf(owners, query, at);
  const scan = {
    order,
    ...(lastEnd !== undefined && { expiresAfter: at }),
  };
  const rows: Row[] = [];
  const began = performance.now();
  let cursor = walk.after && cursorAt(order, walk.after);
  let { searched } = walk;
  const end = (next?: Walk, isCounted = next === undefined): Found => {
    const matching = walk.found + rows.length;
    return { rows, ...(next && { next }), searched, matching, isCounted };
  };
  do {
    // Reads what the page still lacks, or more when few records passed the filter so far.
    const isSparse = rows.length < (searched - walk.searched) / 4;
    const limit = isSparse ? listLimits.readAtOnce : pageSize - rows.length;
    const page = await scanOwners(deps.store, owners, {
      ...scan,
      limit,
      ...(cursor !== undefined && { after: cursor }),
    });
    const ends = lastEnd === undefined ? -1 : page.records.findIndex(isBehind(lastEnd));
    const records = ends < 0 ? page.records : page.records.slice(0, ends);
    searched += limit;
    const found = await passing(deps.store, records, passes);
    const room = pageSize - rows.length;
    rows.push(...found.slice(0, room));
    if (found.length > room) {
      const last = orderOf(query, at).placeOf(
        createShortener().shorten((rows.at(-1) as Row).record),
      );
      return end({ ...walk, after: last, searched, found: walk.found + rows.length });
    }
    cursor = ends < 0 ? page.cursor : undefined;
    if (cursor !== undefined) await rest();
  } while (
    cursor !== undefined &&
    rows.length < pageSize &&
    performance.now() - began < listLimits.searchMs
  );
  if (cursor === undefined) return end();
  return end({ ...walk, after: placeAt(order, cursor), searched, found: walk.found + rows.length });
}

/** How many an index has; undefined when only a search can tell. */
async function countIndexed(
  store: Pick<Store, 'count'>,
  listing: Listing,
): Promise<number | undefined> {
  const { owners, query } = listing;
  if (!isIndexed(listing) || query.sort === 'expiry') return undefined;
  return await countOwners(store, owners);
}

function isBehind(end: number) {
  return ({ expiresAt = 0 }: AccessTokenRecord) => expiresAt > end;
}
