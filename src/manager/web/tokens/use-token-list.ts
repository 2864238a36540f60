/** Reads the list of access tokens, a page of rows at a time. */

import { callUnaryMethod, useTransport } from '@connectrpc/connect-query';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { type Filters, toRequest } from './filters.ts';
import { type Rows, readRows } from './read-rows.ts';

/** Rows of a page. */
export const pageRows = 50;

/** The list, at one of its pages. */
export interface TokenList {
  /** The page, also while it is still searched for; undefined before anything is known. */
  page: Rows | undefined;
  /** How many rows the pages before this one have. */
  before: number;
  error: Error | null;
  /** Whether the page is being read. */
  isSearching: boolean;
  /** Whether `page` is still that of the filters before. */
  isStale: boolean;
  /** Ends the search; what was found stays. */
  stop: () => void;
  retry: () => void;
  /** Goes to the next page, also to search on after `stop`; absent at the end. */
  next?: () => void;
  /** Goes to the page before; absent on the first one. */
  previous?: () => void;
}

/** A page: the page token that leads to it, and how many rows come before it. */
interface Place {
  pageToken: string;
  before: number;
}

const start: Place[] = [{ pageToken: '', before: 0 }];

/** The list with these filters. It starts at the first page when they change. */
export function useTokenList(filters: Filters): TokenList {
  const transport = useTransport();
  const key = JSON.stringify(filters);
  const [at, setAt] = useState({ key, places: start });
  // Other filters start at the first page, also when the reader comes back to earlier ones.
  if (at.key !== key) setAt({ key, places: start });
  const places = at.key === key ? at.places : start;
  const { pageToken, before } = places.at(-1) ?? { pageToken: '', before: 0 };
  const search = `${key} ${pageToken}`;
  const isStopped = useRef(false);
  const [progress, setProgress] = useState<{ search: string; sofar: Rows }>();

  const query = useQuery({
    // Changes of access tokens refresh all that has this prefix.
    queryKey: ['connect-query', 'access tokens', search],
    queryFn: async ({ signal }) => {
      isStopped.current = false;
      const { list } = AccessTokenService.method;
      const request = toRequest(filters);
      return await readRows(
        (token, pageSize) =>
          callUnaryMethod(transport, list, { ...request, pageToken: token, pageSize }, { signal }),
        { pageToken, wanted: pageRows },
        () => isStopped.current,
        sofar => setProgress({ search, sofar }),
      );
    },
    placeholderData: keepPreviousData,
  });
  const isKnown = query.data !== undefined && !query.isPlaceholderData;
  const sofar = progress?.search === search && !isKnown ? progress.sofar : undefined;
  const page = sofar ?? query.data;
  const go = (to: Place[]) => {
    setAt({ key, places: to });
    window.scrollTo(0, 0);
  };
  const following = isKnown && query.data?.next ? query.data : undefined;
  return {
    page,
    before,
    error: query.error,
    isSearching: query.isFetching && !isKnown,
    isStale: query.isPlaceholderData && sofar === undefined,
    stop: () => {
      isStopped.current = true;
    },
    retry: () => void query.refetch(),
    ...(following && {
      next: () =>
        go([...places, { pageToken: following.next, before: before + following.rows.length }]),
    }),
    ...(places.length > 1 && { previous: () => go(places.slice(0, -1)) }),
  };
}
