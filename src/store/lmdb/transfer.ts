/** What a backup reads from the embedded store beside the rest, and how one is restored. */

import type { ChainedEvent } from '../audit.ts';
import type { AccessTokenRecord } from '../record.ts';
import { restoringSchema, signedSchema } from '../schema.ts';
import type { ImportedEntry, StoreTransfer } from '../store.ts';
import { schemaKey } from './schema.ts';
import type { Tables } from './tables.ts';

/** How the store writes, in a transaction; each function as the store has it. */
export interface LmdbWriting {
  write<T>(action: () => T): Promise<T>;
  /** As LmdbImported.entriesAfter. */
  entriesAfter(digest: string, limit: number): ImportedEntry[];
  /** Writes a record that is new to the store, with its indexes. */
  putRecord(record: AccessTokenRecord): void;
  /** Appends an entry as it is. */
  putEntry(entry: ChainedEvent): void;
}

/** Creates it. */
export function lmdbTransfer(tables: Tables, writing: LmdbWriting): StoreTransfer {
  const { entriesAfter, write, putRecord, putEntry } = writing;
  const setSchema = (schema: string) => write(() => void tables.root.put(schemaKey, schema));
  return {
    importedEntries(after, limit) {
      const entries = entriesAfter(after, limit);
      const last = entries.at(-1);
      return entries.length === limit && last ? { entries, cursor: last.digest } : { entries };
    },
    loadRecords: records => write(() => records.forEach(putRecord)),
    loadEvents: entries => write(() => entries.forEach(putEntry)),
    beginRestore: () => setSchema(restoringSchema),
    endRestore: () => setSchema(String(signedSchema)),
  };
}
