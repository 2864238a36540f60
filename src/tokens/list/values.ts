/** Which owners, scopes and makers access tokens have: what to choose from when filtering a list. */

import type { Store } from '../../store/store.ts';
import { adminActor, adminName, type Caller, demand, isVisible, readScope } from '../caller.ts';
import { isUuid } from '../fields.ts';
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

/** A value, and how many access tokens have it. */
interface Value {
  value: string;
  count: number;
  /** What people call it; "" where that is the value itself, or the caller may not learn it. */
  label: string;
}

/** The name of an actor that is no access token; undefined when it has none. */
type NameOfActor = (actor: string) => Promise<string | undefined>;

/** What the list of values needs. */
export interface ValuesDeps {
  store: Pick<Store, 'get'>;
  directory?: Directory | undefined;
  /** Absent: people are called by their ids. */
  nameOfActor?: NameOfActor | undefined;
}

/** The most frequent values. */
export interface ValuesPage {
  values: Value[];
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
  deps: ValuesDeps,
  caller: Caller,
  { field, text, limit }: ValuesQuery,
): Promise<ValuesPage> {
  demand(caller, readScope);
  const view = await deps.directory?.view(false, listLimits.searchMs);
  if (deps.directory === undefined || view === undefined) throw tooMany('these values');
  const everything = { pageSize: 0, sort: 'newest' } as const;
  const passes = filterOf(ownersOf(caller, everything), everything, 0);
  const counts = await deps.directory.search(() =>
    countValues(view.entries.values(), passes, valuesOf[field]),
  );
  const sought = text.toLowerCase();
  const found = [...counts]
    .filter(([value]) => value.toLowerCase().includes(sought))
    .sort(([a, most], [b, more]) => more - most || (a < b ? -1 : 1));
  const values = await Promise.all(
    found.slice(0, limit).map(async ([value, count]) => {
      const label = field === 'maker' ? await labelOf(deps, caller, value) : '';
      return { value, count, label };
    }),
  );
  return { values, total: found.length, isFinal: view.isComplete };
}

async function labelOf(deps: ValuesDeps, caller: Caller, actor: string): Promise<string> {
  if (actor === adminActor) return adminName;
  if (!isUuid(actor)) return (await deps.nameOfActor?.(actor)) ?? '';
  const record = await deps.store.get(actor);
  return record !== undefined && isVisible(caller, record) ? record.name : '';
}
