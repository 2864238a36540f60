/** Makes a new job. */

import type { Store } from '../../store/store.ts';
import { type Caller, isVisible } from '../caller.ts';
import { stateOf } from '../state.ts';
import type { JobBook } from './book.ts';
import type { NewJob } from './check-job.ts';
import type { Job, JobSelection, ShownSelection } from './job.ts';
import type { JobLimits } from './limits.ts';

/** What it needs. */
interface MakeDeps {
  book: JobBook;
  store: Pick<Store, 'get' | 'head'>;
  limits: JobLimits;
  /** Milliseconds since 1970. */
  now: () => number;
}

/**
 * A job of a caller. Access tokens that are named by their ids are looked up now, and the job is counted;
 * those of a filter or owner are counted later. Throws Unavailable.
 */
export async function makeJob(
  deps: MakeDeps,
  caller: Caller,
  { act, selection, requestId = '', start }: NewJob,
  id: string,
): Promise<Job> {
  const { limits, now, store } = deps;
  const { actor, name, peer } = caller;
  const query = queryOf(selection);
  const job: Job = {
    ...{ id, creator: { actor, name, peer }, letInAt: now(), act, requestId },
    selection: shownSelection(selection),
    ...(query && { query }),
    ...(query?.owner !== undefined && { ownerMustBe: query.owner }),
    state: 'counting',
    createdAt: Math.max(now(), (await store.head()).time),
    startBefore: now() + limits.startMs,
    ...{ startsAtOnce: start, attempt: id.slice(-8), chunks: 0, examined: 0, count: 0 },
    ...{ leftOut: 0, next: 0, done: 0, failed: 0, failures: [], secrets: 0 },
    underway: { done: 0, failed: 0 },
  };
  return selection.kind === 'ids' ? await withIds(deps, caller, job, selection.ids) : job;
}

async function withIds(
  { book, limits, store }: MakeDeps,
  caller: Caller,
  job: Job,
  given: readonly string[],
): Promise<Job> {
  const named = [...new Set(given.map(id => id.toLowerCase()))];
  const ids: string[] = [];
  for (let n = 0; n < named.length; n += limits.chunkSize) {
    const part = named.slice(n, n + limits.chunkSize);
    const records = await Promise.all(part.map(async id => await store.get(id)));
    for (const record of records) {
      if (record === undefined || !isVisible(caller, record)) continue;
      if (stateOf(record, job.createdAt) !== 'revoked') ids.push(record.id);
    }
  }
  // The caller's own comes last: without it, the job would lose its rights in the midst.
  ids.sort((a, b) => Number(a === caller.actor) - Number(b === caller.actor));
  const chunks = Math.ceil(ids.length / limits.chunkSize);
  for (let n = 0; n < chunks; n++) {
    const from = n * limits.chunkSize;
    await book.addChunk(job, n, ids.slice(from, from + limits.chunkSize));
  }
  const counts = { count: ids.length, leftOut: named.length - ids.length };
  return { ...job, ...counts, examined: named.length, chunks, state: 'ready' };
}

function queryOf(selection: JobSelection): Job['query'] {
  if (selection.kind === 'ids') return undefined;
  if (selection.kind === 'filter') return selection.query;
  return { pageSize: 0, owner: selection.owner, sort: 'oldest' };
}

function shownSelection(selection: JobSelection): ShownSelection {
  if (selection.kind === 'ids') return { kind: 'ids' };
  if (selection.kind === 'owner') return selection;
  return { kind: 'filter', shown: selection.shown };
}
