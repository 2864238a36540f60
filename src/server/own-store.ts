/** Takes the store for this process, and turns what is wrong with it into an error for the operator. */

import { type Config, SettingsError } from '../settings/config.ts';
import { StartError } from '../settings/start-error.ts';
import { StoreMismatch, StoreUnusable, Unavailable } from '../store/store.ts';

/**
 * Takes the data folder of the embedded store, if there is one; workers share the first process's
 * lock. Throws StoreUnusable when another process has it.
 */
export async function ownStore({ store }: Pick<Config, 'store'>): Promise<void> {
  if (store.kind !== 'lmdb') return;
  const { ownFolder } = await import('../store/lmdb/owner.ts');
  ownFolder(store.folder);
}

/** A SettingsError or StartError for a store that cannot be used; any other error unchanged. */
export function startErrorOf(error: unknown): unknown {
  if (error instanceof StoreMismatch) return new SettingsError([error.message]);
  const isUnusable = error instanceof StoreUnusable || error instanceof Unavailable;
  return isUnusable ? new StartError(error.message, { cause: error }) : error;
}
