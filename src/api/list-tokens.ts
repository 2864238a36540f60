/** Lists access tokens through the API, page by page. */

import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Sort } from '../gen/usher/v1/access_token_pb.ts';
import type { AccessToken, Kind, State } from './access-token.ts';
import { accessToken, kindCodes, stateCodes } from './access-token.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** The orders of a list. */
export const listSorts = ['newest', 'oldest', 'name', 'owner', 'last-used', 'expiry'] as const;

/** Which access tokens to list, and in which order; newest first by default. */
export interface ListFilter {
  kind?: Kind | undefined;
  owner?: string | undefined;
  state?: State | undefined;
  scope?: string | undefined;
  /** The actor that created them. */
  madeBy?: string | undefined;
  /** A part of the id, name, owner or a scope. */
  text?: string | undefined;
  /** Only those that expire within this time. */
  expiresWithinSeconds?: number | undefined;
  /** Only those not used for this time. */
  unusedSeconds?: number | undefined;
  sort?: (typeof listSorts)[number] | undefined;
  /** The opposite order. */
  reverse?: boolean | undefined;
}

/** How far a search is. */
export interface ListProgress {
  searched: number;
  total: number;
  found: number;
}

const sorts: Record<(typeof listSorts)[number], Sort> = {
  newest: Sort.NEWEST,
  oldest: Sort.OLDEST,
  name: Sort.NAME,
  owner: Sort.OWNER,
  'last-used': Sort.LAST_USED,
  expiry: Sort.EXPIRY,
};
const opposite = { [Sort.NEWEST]: Sort.OLDEST, [Sort.OLDEST]: Sort.NEWEST };
const pageSizeMax = 200;

/**
 * Reads up to `limit` access tokens, each once. `onProgress` is called when a page ended before it was
 * full. Throws AdminError.
 */
export async function* listTokens(
  { tokens }: Admin,
  filter: ListFilter,
  limit: number,
  onProgress: (sofar: ListProgress) => void = () => undefined,
): AsyncGenerator<AccessToken> {
  const request = listRequest(filter);
  // In a list by last use, one that is used meanwhile can come twice.
  const seen = new Set<string>();
  let pageToken = '';
  do {
    const pageSize = Math.min(limit - seen.size, pageSizeMax);
    const page = await call(() => tokens.list({ ...request, pageSize, pageToken }));
    for (const message of page.accessTokens) {
      if (seen.has(message.id)) continue;
      seen.add(message.id);
      yield accessToken(message);
    }
    pageToken = page.nextPageToken;
    if (pageToken !== '' && page.accessTokens.length < pageSize) {
      const [searched, total] = [Number(page.searchedSize), Number(page.totalSize)];
      onProgress({ searched, total, found: seen.size });
    }
  } while (pageToken !== '' && seen.size < limit);
}

/** The filter and order of a list, as its request has them. */
export function listRequest(filter: ListFilter) {
  const { kind, state, expiresWithinSeconds, unusedSeconds, reverse = false } = filter;
  const sort = sorts[filter.sort ?? 'newest'];
  const opposed = reverse ? opposite[sort as keyof typeof opposite] : undefined;
  return {
    ...(kind && { kind: kindCodes[kind] }),
    ...(state && { state: stateCodes[state] }),
    ...(expiresWithinSeconds !== undefined && {
      expiresWithin: durationFromMs(expiresWithinSeconds * 1000),
    }),
    ...(unusedSeconds !== undefined && { unusedFor: durationFromMs(unusedSeconds * 1000) }),
    owner: filter.owner ?? '',
    scope: filter.scope ?? '',
    createdBy: filter.madeBy ?? '',
    text: filter.text ?? '',
    sort: opposed ?? sort,
    reverse: reverse && opposed === undefined,
  };
}
