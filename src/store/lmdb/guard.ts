/**
 * Detects a folder that was restored from an older copy, by the head that the state file remembers.
 * While a server runs, its folder does not change behind its back.
 */

import { hostname } from 'node:os';
import { type ContinuityDeps, createContinuity } from '../continuity/continuity.ts';
import { lostChangesMax } from '../continuity/loss-entries.ts';
import { createLostChanges } from '../continuity/lost.ts';
import { createMemory } from '../continuity/memory.ts';
import type { WatchedStore } from '../continuity/notes.ts';
import { accept } from '../continuity/oversee.ts';
import { problems } from '../continuity/problems.ts';
import type { StoreOversight } from '../status.ts';
import { Unavailable } from '../store.ts';

/** The guard of one store. */
export interface LmdbGuard extends StoreOversight {
  /** Throws Unavailable while nothing that is read may be used. */
  check(): void;
  /** Ends the checks; resolves when none is under way. */
  stop(): Promise<void>;
}

/** Creates the guard. Without a state file there is nothing to compare with. */
export function lmdbGuard(
  store: WatchedStore,
  deps: Omit<ContinuityDeps, 'replica' | 'onChange'>,
): LmdbGuard {
  const replica = `${hostname()}:${process.pid}`;
  if (deps.stateFile === undefined) return unguarded(store, replica, deps);
  let isSuspended = deps.stateFile.remembered !== undefined;
  const continuity = createContinuity(store, {
    ...deps,
    replica,
    onChange(isSure) {
      isSuspended = !isSure;
      if (isSure) deps.report('store', undefined);
    },
  });
  if (isSuspended) deps.report('store', problems.unread);
  void continuity.look();
  return {
    check() {
      if (isSuspended) throw new Unavailable('the embedded store may not be what it was');
    },
    storeStatus: continuity.storeStatus,
    acceptStore: continuity.acceptStore,
    stop: continuity.stop,
  };
}

function unguarded(
  store: WatchedStore,
  replica: string,
  { limits, now }: Pick<ContinuityDeps, 'limits' | 'now'>,
): LmdbGuard {
  return {
    check: () => undefined,
    async storeStatus() {
      const lost = createLostChanges();
      for (const loss of await store.notes.losses()) lost.add(loss);
      const [last] = await store.reads.events({ order: 'newest', limit: 1 });
      const head = last && { sequence: last.sequence, hash: last.hash };
      const changes = lost.changes().slice(0, lostChangesMax);
      return { replica, ...(head && { head, storeHead: head }), lost: changes, replicas: [] };
    },
    async acceptStore(by) {
      if ((await store.notes.losses()).length === 0) return;
      const memory = createMemory(store, limits, now, undefined);
      await memory.adopt((await store.notes.read()).identity ?? '');
      await accept(store, memory, by, undefined, now());
    },
    stop: async () => undefined,
  };
}
