/** What a backup and its restore need of a store. */

import type { ChainedEvent } from './audit.ts';
import type { Awaitable } from './awaitable.ts';
import type { NamedDocument } from './documents.ts';
import type { AccessTokenRecord } from './record.ts';
import type { ImportedEntry } from './store.ts';

/**
 * What a backup and its restore need beside the other capabilities. The methods that write are for a
 * store that was empty and that no server uses. Throws Unavailable.
 */
export interface StoreTransfer {
  /**
   * Reads a page of the index of imported tokens, "" for the first, in no particular order. An entry
   * can be in several pages.
   */
  importedEntries(
    after: string,
    limit: number,
  ): Awaitable<{ entries: ImportedEntry[]; cursor?: string }>;
  /** Writes records that the store does not have, at their revision. */
  loadRecords(records: readonly AccessTokenRecord[]): Promise<void>;
  /** Writes documents that the store does not have, at their revision. */
  loadDocuments(documents: readonly NamedDocument[]): Promise<void>;
  /**
   * Appends entries to the audit log as they are. What they say was lost, and was not accepted since, is
   * unavailable here too.
   */
  loadEvents(entries: readonly ChainedEvent[]): Promise<void>;
  /** The identity of the store, which its backups have too; undefined for one without. */
  identity(): Awaitable<string | undefined>;
  /** Whether the store holds nothing, also when a server noted that it lost its content. */
  isEmpty(): Awaitable<boolean>;
  /** Marks the store as one that is being restored, so that no server takes it for whole. */
  beginRestore(): Promise<void>;
  /**
   * Marks it as whole again, with the identity of the backup: servers that knew the store find it
   * rolled back, and put back what they saw revoked.
   */
  endRestore(identity: string | undefined): Promise<void>;
}
