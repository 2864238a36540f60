/**
 * Page tokens: where the next page of a list starts. They are sealed, because a place can be that of an
 * access token which the caller may not see.
 */

import type { MasterKeys } from '../verify/master-keys.ts';
import type { Caller } from './caller.ts';
import { invalid } from './fields.ts';

/** The list that a page token belongs to. */
export interface PagedQuery {
  /** Name of the rpc. */
  rpc: string;
  /** All that selects and orders its entries, in a fixed order; not the size of a page. */
  query: readonly (string | number | boolean)[];
}

/** Writes and reads the page tokens of one caller and query. */
export interface PageTokens {
  /** The page token of a place; "" for undefined, the end of the list. */
  write(place: string | undefined): string;
  /**
   * The place of a page token; undefined for "" and undefined, the first page. Throws INVALID_ARGUMENT
   * for one of another caller or query.
   */
  read(pageToken: string | undefined): string | undefined;
}

/** A sealed place has about 110 characters; anything much longer is refused unread. */
const charactersMax = 512;

/** Creates them. */
export function pageTokens(
  keys: Pick<MasterKeys, 'sealPlace' | 'openPlace'>,
  { actor, owners }: Caller,
  { rpc, query }: PagedQuery,
): PageTokens {
  const context = JSON.stringify([rpc, actor, owners?.toSorted() ?? '', query]);
  return {
    write: place => (place === undefined ? '' : keys.sealPlace(place, context)),
    read(pageToken) {
      if (!pageToken) return undefined;
      const place =
        pageToken.length > charactersMax ? undefined : keys.openPlace(pageToken, context);
      if (place === undefined) {
        throw invalid(
          'page_token',
          `is not a next_page_token that ${rpc} gave to this caller for this query`,
        );
      }
      return place;
    },
  };
}
