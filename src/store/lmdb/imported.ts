/** The index of imported tokens in the embedded store. */

import type { ImportedEntry } from '../store.ts';
import type { Tables } from './tables.ts';

const formsKey = 'foreign-forms';

/** The forms of imported tokens, as ImportedIndex.importedForms. */
export function readForms(tables: Tables): string[] {
  return tables.root.get(formsKey)?.split(' ') ?? [];
}

/** As ImportedIndex.reserveImported. Must run inside a write transaction. */
export function reserve(
  tables: Tables,
  forms: readonly string[],
  entries: readonly ImportedEntry[],
): string[] {
  const known = readForms(tables);
  const all = [...new Set([...known, ...forms])];
  if (all.length > known.length) tables.root.put(formsKey, all.join(' '));
  return entries.map(({ digest, tokenId }) => {
    const held = tables.imported.get(digest);
    if (held === undefined) tables.imported.put(digest, tokenId);
    return held ?? tokenId;
  });
}
