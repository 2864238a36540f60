/** Which owners, scopes and makers access tokens have: what to choose from when filtering a list. */

import { type Caller, demand, readScope } from '../caller.ts';
import type { Directory } from './directory.ts';
import { filterOf } from './filter.ts';
import { tooMany } from './list.ts';
import type { Listed } from './listed.ts';
import { listLimits, ownersOf } from './query.ts';
import { countValues } from './select.ts';

/** Which values to list. */
export interface ValuesQuery {
  field: 'owner' | 'scope' | 'maker';
  /** Only values that contain this, ignoring case; "" for all. */
  text: string;
  /** How many values, at most. */
  limit: number;
}

/** The most frequent values. */
export interface ValuesPage {
  /** Each with how many access tokens have it. */
  values: [value: string, count: number][];
  /** How many values there are, with those left out. */
  total: number;
  /** Whether all access tokens were searched. */
  isFinal: boolean;
}

const valuesOf: Record<ValuesQuery['field'], (listed: Listed) => readonly string[]> = {
  owner: ({ owner }) => (owner === undefined ? [] : [owner.text]),
  scope: ({ scopes }) => scopes.words,
  maker: ({ madeBy }) => (madeBy === undefined ? [] : [madeBy.text]),
};

/** Reads the values. Throws TokenError or Unavailable. */
export async function listValues(
  { directory }: { directory?: Directory | undefined },
  caller: Caller,
  { field, text, limit }: ValuesQuery,
): Promise<ValuesPage> {
  demand(caller, readScope);
  const view = await directory?.view(false, listLimits.searchMs);
  if (view === undefined) throw tooMany('these values');
  const everything = { pageSize: 0, sort: 'newest' } as const;
  const passes = filterOf(ownersOf(caller, everything), everything, 0);
  const counts = await countValues(view.entries.values(), passes, valuesOf[field]);
  const sought = text.toLowerCase();
  const found = [...counts]
    .filter(([value]) => value.toLowerCase().includes(sought))
    .sort(([a, most], [b, more]) => more - most || (a < b ? -1 : 1));
  return { values: found.slice(0, limit), total: found.length, isFinal: view.isComplete };
}
