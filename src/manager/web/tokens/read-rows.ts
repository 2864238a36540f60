/** Reads rows of a list whose pages can be short, or even empty, when more follow. */

import type {
  AccessToken,
  ListAccessTokensResponse,
} from '../../../gen/usher/v1/access_token_pb.ts';

/** The rows of a page, and how far the search for them went. */
export interface Rows {
  rows: AccessToken[];
  /** The page token of what follows; "" at the end. */
  next: string;
  /** How many access tokens there are, of which so many were searched. */
  total: number;
  searched: number;
  /** How many match, as far as is known; `isCounted` says that all were searched. */
  matching: number;
  isCounted: boolean;
  /** The reader stopped the search before it had enough. */
  isStopped: boolean;
}

/** Calls List for the page behind a page token. */
export type ListPage = (pageToken: string, pageSize: number) => Promise<ListAccessTokensResponse>;

/**
 * Reads pages until there are `wanted` rows, or the list ends, or `isStopped` says so. `onProgress` is
 * called after each page that does not end it.
 */
export async function readRows(
  list: ListPage,
  from: { pageToken: string; wanted: number },
  isStopped: () => boolean = () => false,
  onProgress: (sofar: Rows) => void = () => undefined,
): Promise<Rows> {
  const rows = new Map<string, AccessToken>();
  for (let pageToken = from.pageToken; ; ) {
    const page = await list(pageToken, from.wanted - rows.size);
    // In a list by last use, one that is used meanwhile can come twice.
    for (const token of page.accessTokens) rows.set(token.id, token);
    pageToken = page.nextPageToken;
    const isEnough = pageToken === '' || rows.size >= from.wanted;
    const sofar: Rows = {
      rows: [...rows.values()],
      next: pageToken,
      total: Number(page.totalSize),
      searched: Number(page.searchedSize),
      matching: Math.max(Number(page.matchingSize), rows.size),
      isCounted: page.matchingSizeFinal,
      isStopped: !isEnough,
    };
    if (isEnough || isStopped()) return sofar;
    onProgress(sofar);
  }
}
