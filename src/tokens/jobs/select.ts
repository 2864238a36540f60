/** Selects the access tokens of a job. */

import type { Store } from '../../store/store.ts';
import type { Caller } from '../caller.ts';
import { filterOf, type ListQuery, walkOf } from '../list.ts';
import { stateOf } from '../state.ts';

/** What a step of the selection found. */
export interface Selected {
  /** UUIDs. */
  ids: string[];
  /** Access tokens that were examined. */
  examined: number;
  /** Those among them that the query finds, and that are revoked. */
  leftOut: number;
}

/** Records that are read in one step, between which other work goes on. */
const stepSize = 250;

/**
 * Selects what the query finds, as of the time `at` in milliseconds since 1970: nothing that was made
 * later, and nothing that is revoked. Throws Unavailable.
 */
export async function* select(
  store: Pick<Store, 'scan'>,
  caller: Caller,
  query: ListQuery,
  at: number,
): AsyncGenerator<Selected> {
  const walk = walkOf(caller, { ...query, sort: 'oldest' }, at);
  const passes = filterOf(caller, query, at);
  const soonest = at + (query.expiresWithinMs ?? Number.POSITIVE_INFINITY);
  let after: string | undefined;
  do {
    const page = await store.scan({ ...walk, limit: stepSize, ...(after && { after }) });
    const isPast = walk.order === 'expiry' && page.records.some(isBeyond(soonest));
    const found = page.records.filter(
      record => record.createdAt <= at && !isBeyond(soonest)(record) && passes(record),
    );
    const ids = found.filter(record => stateOf(record, at) !== 'revoked').map(({ id }) => id);
    yield { ids, examined: page.records.length, leftOut: found.length - ids.length };
    after = isPast ? undefined : page.cursor;
    await new Promise(setImmediate);
  } while (after !== undefined);
}

function isBeyond(time: number) {
  return ({ expiresAt = 0 }: { expiresAt?: number }) => expiresAt > time;
}
