/** Selects the access tokens of a job. */

import type { Store } from '../../store/store.ts';
import { rest } from '../../timing/slices.ts';
import type { Caller } from '../caller.ts';
import { filterOf } from '../list/filter.ts';
import { createShortener } from '../list/listed.ts';
import { type ListQuery, ownersOf } from '../list/query.ts';
import { scanOwners } from '../scan-owners.ts';
import { stateOf } from '../state.ts';

/** What a step of the selection found. */
interface Selected {
  /** UUIDs. */
  ids: string[];
  /** Access tokens that were examined. */
  examined: number;
  /** Those among them that the query finds, and that are revoked. */
  leftOut: number;
}

/** Records that are read in one step, between which other work goes on. */
const stepSize = 64;

/**
 * Selects what the query finds, as of the time `at` in milliseconds since 1970: nothing that was made
 * later, and nothing that is revoked. Throws Unavailable.
 */
export async function* select(
  store: Pick<Store, 'scan' | 'usage'>,
  caller: Caller,
  query: ListQuery,
  at: number,
): AsyncGenerator<Selected> {
  const owners = ownersOf(caller, query);
  const passes = filterOf(owners, query, at);
  let after: string | undefined;
  do {
    const scan = { order: 'oldest', limit: stepSize, ...(after && { after }) } as const;
    const { records, cursor } = await scanOwners(store, owners, scan);
    const usage =
      query.unusedMs === undefined ? [] : await store.usage(records.map(({ id }) => id));
    const { shorten } = createShortener();
    const found = records.filter((record, n) => {
      const lastUsedAt = usage[n]?.lastUsedAt ?? 0;
      const listed = shorten(record, { lastUsedAt, useSeenAt: lastUsedAt });
      return record.createdAt <= at && passes(listed);
    });
    const ids = found.filter(record => stateOf(record, at) !== 'revoked').map(({ id }) => id);
    yield { ids, examined: records.length, leftOut: found.length - ids.length };
    after = cursor;
    await rest();
  } while (after !== undefined);
}
