/** The index of imported tokens in the embedded store. */

import type { Tables } from './lmdb-tables.ts';
import type { ForeignEntry } from './store.ts';

const formsKey = 'foreign-forms';

/** The forms of imported tokens. */
export function readForms(tables: Tables): string[] {
  return tables.root.get(formsKey)?.split(' ') ?? [];
}

/** Runs inside a write transaction. */
export function reserve(
  tables: Tables,
  forms: readonly string[],
  entries: readonly ForeignEntry[],
): string[] {
  const known = readForms(tables);
  const all = [...new Set([...known, ...forms])];
  if (all.length > known.length) tables.root.put(formsKey, all.join(' '));
  return entries.map(({ digest, tokenId }) => {
    const held = tables.foreign.get(digest);
    if (held === undefined) tables.foreign.put(digest, tokenId);
    return held ?? tokenId;
  });
}
