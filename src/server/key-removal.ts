/** Removes a master key from where the keys are, once nothing needs it. */

import type { KeySource } from '../settings/key-source.ts';
import { type MasterKey, Mistake } from '../settings/values.ts';
import type { Store } from '../store/store.ts';
import { TokenError } from '../tokens/errors.ts';
import { type CountKeyUse, countAll, type KeyUse, neededBy } from '../tokens/key-use.ts';
import { howToRemove } from './key-advice.ts';

/** What it needs. */
interface KeyRemovalDeps {
  source: KeySource;
  store: Pick<Store, 'storeStatus'>;
  countUse: CountKeyUse;
}

/**
 * Removes a key from its source, whose keys are `listed`, the one that writes first. Throws TokenError with
 * what to do when the key is in use or Usher may not write there, and Unavailable.
 */
export async function removeKey(
  id: string,
  listed: readonly MasterKey[],
  { source, store, countUse }: KeyRemovalDeps,
): Promise<void> {
  const refuse = (text: string) => new TokenError('FAILED_PRECONDITION', text);
  const left = listed.filter(each => each.id !== id);
  if (left.length === listed.length) {
    const has = listed.map(each => each.id).join(', ');
    throw new TokenError('NOT_FOUND', `${source.place} has no such key; it has ${has}`);
  }
  if (left[0] !== listed[0]) {
    throw refuse('it is the key that writes; run `usher keys rotate` first');
  }
  const { replicas } = await store.storeStatus();
  const writers = replicas.filter(({ keys }) => keys?.writes === id).map(each => each.replica);
  if (writers.length > 0) throw refuse(`${writers.join(', ')} writes with it; wait for that`);
  const use = (await countAll(countUse)).find(({ masterKeyId }) => masterKeyId === id);
  if (use !== undefined && neededBy(use) > 0) throw refuse(whatNeeds(use));
  if (source.remove === undefined) throw refuse(howToRemove(source));
  try {
    await source.remove(id, left);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    throw refuse(`${error.message}; ${howToRemove(source)}`);
  }
}

/** What ends the need of a key. */
function whatNeeds(use: KeyUse): string {
  const resealed = neededBy(use) - use.staticTokens;
  const needs = [
    ...(resealed > 0 ? [`${resealed} records or secrets need it: run \`usher token reseal\``] : []),
    ...(use.staticTokens > 0
      ? [`${use.staticTokens} static tokens need it: rotate or revoke them, or wait for their end`]
      : []),
  ];
  return needs.join('; ');
}
