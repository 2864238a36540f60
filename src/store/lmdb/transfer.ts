/** What a backup reads from the embedded store beside the rest, and how one is restored. */

import type { ChainedEvent, ChainHead } from '../audit.ts';
import type { NamedDocument } from '../documents.ts';
import type { AccessTokenRecord } from '../record.ts';
import { linkedSchema, restoringSchema } from '../schema.ts';
import type { ImportedEntry } from '../store.ts';
import type { StoreTransfer } from '../transfer.ts';
import { keepLossIn } from './losses.ts';
import { identityKey } from './notes.ts';
import { schemaKey } from './schema.ts';
import type { Tables } from './tables.ts';

/** How the store writes, in a transaction; each function as the store has it. */
export interface LmdbWriting {
  read<T>(ask: () => T): T;
  write<T>(action: () => T): Promise<T>;
  head(): ChainHead;
  /** As LmdbImported.entriesAfter. */
  entriesAfter(digest: string, limit: number): ImportedEntry[];
  /** Writes a record that is new to the store, with its indexes. */
  putRecord(record: AccessTokenRecord): void;
  /** Writes a document that is new to the store. */
  putDocument(document: NamedDocument): void;
  /** Appends an entry as it is. */
  putEntry(entry: ChainedEvent): void;
}

/** Creates it. */
export function lmdbTransfer(tables: Tables, writing: LmdbWriting): StoreTransfer {
  const { read, head, entriesAfter, write, putRecord, putDocument, putEntry } = writing;
  return {
    importedEntries(after, limit) {
      const entries = entriesAfter(after, limit);
      const last = entries.at(-1);
      return entries.length === limit && last ? { entries, cursor: last.digest } : { entries };
    },
    loadRecords: records => write(() => records.forEach(putRecord)),
    loadDocuments: documents => write(() => documents.forEach(putDocument)),
    loadEvents: entries =>
      write(() => {
        for (const entry of entries) {
          putEntry(entry);
          keepLossIn(tables, entry);
        }
      }),
    identity: () => read(() => tables.root.get(identityKey)),
    isEmpty: () =>
      read(
        () =>
          !tables.tokens.getKeysCount({ limit: 1 }) &&
          !tables.documents.getKeysCount({ limit: 1 }) &&
          !head().sequence,
      ),
    beginRestore: () => write(() => void tables.root.put(schemaKey, restoringSchema)),
    endRestore: identity =>
      write(() => {
        if (identity !== undefined) tables.root.put(identityKey, identity);
        tables.root.put(schemaKey, String(linkedSchema));
      }),
  };
}
