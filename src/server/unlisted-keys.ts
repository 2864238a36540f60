/** Finds out whether master keys that their source does not have are needed. */

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

/** The part of the store that keys are looked up in. */
type KeyStore = Pick<
  Store,
  'storeStatus' | 'keyChecks' | 'forgetKey' | 'importedForms' | 'dropForms'
>;

/**
 * Looks at the keys that the store was written with, or that are read, and that the source does not list.
 * The store forgets those on which nothing depends. Undefined while another replica writes with one of
 * them: it will stop. Throws Unavailable.
 */
export async function reviewUnlisted(
  store: KeyStore,
  countUse: CountKeyUse,
  read: readonly string[],
  isListed: (id: string) => boolean,
): Promise<Unlisted | undefined> {
  const { replicas } = await store.storeStatus();
  const all = new Set([...read, ...(await store.keyChecks()).keys()]);
  const unlisted = [...all].filter(id => !isListed(id));
  if (unlisted.length === 0) return { unneeded: [] };
  // A key that this replica lacks and another one has may be a new one.
  const lacking = unlisted.filter(
    id => !read.includes(id) && replicas.some(({ keys }) => keys !== undefined && id in keys.reads),
  );
  const ids = unlisted.filter(id => !lacking.includes(id));
  if (replicas.some(({ keys }) => keys !== undefined && ids.includes(keys.writes)))
    return undefined;
  const problems = lacking.map(
    id =>
      `other replicas have master key ${id}, which is not given here: what needs it is unavailable`,
  );
  const unneeded: string[] = [];
  const uses = ids.length === 0 ? [] : await countAll(countUse);
  for (const id of ids) {
    const use = uses.find(({ masterKeyId }) => masterKeyId === id);
    const needed = use === undefined ? 0 : neededBy(use);
    if (needed === 0) {
      await forget(id, store);
      unneeded.push(id);
      continue;
    }
    const effect = read.includes(id)
      ? 'it stays in use until this server is restarted'
      : 'they are unavailable until it is';
    problems.push(
      `master key ${id} is not given, and ${needed} records or secrets need it: ${effect}`,
    );
  }
  return problems.length === 0 ? { unneeded } : { unneeded, problem: problems.join('; ') };
}

/** Imported tokens are no longer looked up by the key, and another key may get its id. */
async function forget(id: string, store: KeyStore): Promise<void> {
  const forms = (await store.importedForms()).filter(form => readForm(form).masterKeyId === id);
  if (forms.length > 0) await store.dropForms(forms);
  if ((await store.keyChecks()).has(id)) await store.forgetKey(id);
}
