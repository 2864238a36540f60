/**
 * What a backup says was lost of the store that it was made of, and was not accepted: unavailable here
 * too. It comes with a restore, while no server runs, and goes when someone accepts it.
 */

import type { ChainedEvent } from '../audit.ts';
import type { Loss } from '../continuity/loss-entries.ts';
import { acceptAction, createLostChanges, type LostChanges, lossIn } from '../continuity/lost.ts';
import { problems } from '../continuity/problems.ts';
import type { StoreHealth } from '../health.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds them, as JSON. */
const lossesKey = 'losses';

/** What is lost, as this process read it last. */
export interface LmdbLosses extends Pick<LostChanges, 'has' | 'hasDocument'> {
  /** Reads it again, and shows in the health whether there is something. */
  look(): void;
}

/** Creates it. */
export function lmdbLosses(
  tables: Pick<Tables, 'root'>,
  health: Pick<StoreHealth, 'degrade'>,
): LmdbLosses {
  let text: string | undefined;
  let lost = createLostChanges();
  return {
    has: id => lost.has(id),
    hasDocument: document => lost.hasDocument(document),
    look() {
      const now = tables.root.get(lossesKey);
      if (now === text) return;
      text = now;
      lost = createLostChanges();
      for (const loss of lossesOf(tables)) lost.add(loss);
      const count = lost.changes().length;
      health.degrade('lost', count === 0 ? undefined : problems.unaccepted(count));
    },
  };
}

/** The losses that are kept. */
export function lossesOf({ root }: Pick<Tables, 'root'>): Loss[] {
  return JSON.parse(root.get(lossesKey) ?? '[]') as Loss[];
}

/** Keeps what an entry of the log says of a loss. Must run inside a write transaction, as the next one. */
export function keepLossIn(tables: Pick<Tables, 'root'>, event: ChainedEvent): void {
  if (event.action === acceptAction) forgetLosses(tables);
  const loss = lossIn(event);
  if (loss !== undefined) {
    tables.root.put(lossesKey, JSON.stringify([...lossesOf(tables), loss]));
  }
}

/** Forgets them, once they are accepted. */
export function forgetLosses({ root }: Pick<Tables, 'root'>): void {
  root.remove(lossesKey);
}
