/** Counts the operations of a store, and how fast it announces changes. */

import { mapAwaitable } from '../../store/awaitable.ts';
import { type Store, Unavailable } from '../../store/store.ts';
import type { StoreMetrics } from './store-metrics.ts';

/** Operations that callers wait for. Lookups for verification are counted by the caches before them. */
const counted = [
  'get',
  'scan',
  'count',
  'commit',
  'findRequest',
  'settle',
  'findImported',
  'reserveImported',
  'append',
  'note',
  'events',
  'head',
  'removeEvents',
  'addUsage',
  'usage',
  'endSession',
  'isSessionEnded',
  'document',
  'documents',
  'changeDocument',
] as const satisfies readonly (keyof Store)[];

/** Changes whose announcement is awaited, at most; beyond it they are not timed. */
const awaitedMax = 1000;

/** The store, counted. */
export function countStore(store: Store, metrics: StoreMetrics): Store {
  const own: Record<string, unknown> = {};
  for (const name of counted) own[name] = countedOperation(store, name, metrics);
  metrics.feed(store.feed);
  return {
    ...store,
    ...(own as Pick<Store, (typeof counted)[number]>),
    commit: timedCommit(store, own, metrics),
  };
}

type Operation = (...args: unknown[]) => unknown;

function countedOperation(
  store: Store,
  name: (typeof counted)[number],
  metrics: Pick<StoreMetrics, 'operation'>,
): Operation {
  const operation = store[name] as Operation;
  const done = <T>(value: T): T => {
    metrics.operation(name, 'done');
    return value;
  };
  const fail = (error: unknown): never => {
    metrics.operation(name, error instanceof Unavailable ? 'unavailable' : 'failed');
    throw error;
  };
  return (...args) => {
    try {
      return mapAwaitable(operation(...args), done, fail);
    } catch (error) {
      return fail(error);
    }
  };
}

/** `commit`, timed until the store announces its change. */
function timedCommit(
  store: Store,
  { commit }: Record<string, unknown>,
  metrics: Pick<StoreMetrics, 'propagated'>,
): Store['commit'] {
  const beganMs = new Map<string, number>();
  store.feed.listen({
    changed(id) {
      const began = beganMs.get(id);
      if (began === undefined) return;
      beganMs.delete(id);
      metrics.propagated(performance.now() - began);
    },
    changedAll: () => beganMs.clear(),
  });
  return async change => {
    const { id } = change.record;
    if (beganMs.size < awaitedMax && !beganMs.has(id)) beganMs.set(id, performance.now());
    const committed = await (commit as Store['commit'])(change);
    if (committed.outcome !== 'done') beganMs.delete(id);
    return committed;
  };
}
