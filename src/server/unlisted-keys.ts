/** Finds out whether master keys that their source no longer has are needed. */

import type { Store } from '../store/store.ts';
import { type CountKeyUse, countAll, neededBy } from '../tokens/key-use.ts';
import { readForm } from '../verify/imported.ts';

/** What was found. */
export interface Unlisted {
  /** Nothing depends on these: the store has forgotten them. */
  unneeded: string[];
  /** What depends on the others, for operators; absent for nothing. */
  problem?: string;
}

/**
 * Looks at keys that the source does not list. The store forgets those on which nothing depends. Throws
 * Unavailable.
 */
export async function reviewUnlisted(
  ids: readonly string[],
  store: Pick<Store, 'keyChecks' | 'forgetKey' | 'importedForms' | 'dropForms'>,
  countUse: CountKeyUse,
  isRead: (id: string) => boolean,
): Promise<Unlisted> {
  const uses = new Map((await countAll(countUse)).map(use => [use.masterKeyId, use]));
  const unneeded: string[] = [];
  const problems: string[] = [];
  for (const id of ids) {
    const use = uses.get(id);
    const needed = use === undefined ? 0 : neededBy(use);
    if (needed > 0) {
      const effect = isRead(id)
        ? 'it stays in use until this server is restarted'
        : 'they are unavailable until it is';
      problems.push(
        `master key ${id} is not given, and ${needed} records or secrets need it: ${effect}`,
      );
      continue;
    }
    await forget(id, store);
    unneeded.push(id);
  }
  return problems.length === 0 ? { unneeded } : { unneeded, problem: problems.join('; ') };
}

/** Imported tokens are no longer looked up by the key, and another key may get its id. */
async function forget(
  id: string,
  store: Pick<Store, 'keyChecks' | 'forgetKey' | 'importedForms' | 'dropForms'>,
): Promise<void> {
  const forms = (await store.importedForms()).filter(form => readForm(form).masterKeyId === id);
  if (forms.length > 0) await store.dropForms(forms);
  if ((await store.keyChecks()).has(id)) await store.forgetKey(id);
}
