/** The proof that what the store holds is as Usher wrote it. The keys stay with the caller. */

import type { Awaitable } from './awaitable.ts';
import type { Collection } from './documents.ts';
import type { AccessTokenRecord } from './record.ts';

/** What a MAC says about a text. */
type SealCheck = 'good' | 'wrong' | 'unknown key';

/** Makes and checks the MACs of what the store holds. */
export interface RecordSeal {
  /** Id of the master key that makes MACs. */
  readonly currentId: string;
  /**
   * Master key id → a value that depends on the key and does not reveal it, for all listed keys. A
   * store keeps it, so that another key under the same id is noticed.
   */
  readonly keyChecks: ReadonlyMap<string, string>;
  /** The MAC of a text that is stored under `id`: the master key's id, a space, and base64url. */
  sign(id: string, text: string): string;
  /** Checks such a MAC. */
  check(id: string, text: string, mac: string): SealCheck;
  /**
   * Tells it, before anything is signed, the check values of the keys that the store was written with. If
   * the first key is not one of them and another is, that one signs. Calls after the first do nothing.
   */
  meet?(noted: ReadonlyMap<string, string>): void;
}

/** What the keys of one record are. Its content is not proven: it is for counting alone. */
export interface RecordKeys {
  /** UUID of the access token. */
  id: string;
  /** Id of the master key of its MAC; absent without one. */
  macKeyId?: string;
  /** The record; absent when it cannot be read. */
  record?: AccessTokenRecord;
}

/** What the keys of one document are. Its content is not proven: it is for counting alone. */
export interface DocumentKeys {
  collection: Collection;
  id: string;
  /** Id of the master key of its MAC; absent without one. */
  macKeyId?: string;
  /** Those of the sealed values in it: each is a `masterKeyId` beside a `value`. */
  sealedUnder: string[];
}

/** What a store knows of master keys, and what in it depends on which. Throws Unavailable. */
export interface KeyLedger {
  /** Master key id → check value, of the keys that the store was written with. */
  keyChecks(): Awaitable<ReadonlyMap<string, string>>;
  /**
   * Notes the check value of a key in use, before it writes. Rejects with StoreMismatch when another key
   * of this id was noted.
   */
  noteKey(id: string): Promise<void>;
  /** Removes the check value of a key on which nothing depends. */
  forgetKey(id: string): Promise<void>;
  /** A page of all records, behind the cursor of the page before, "" for the first. */
  recordKeys(after: string, limit: number): Awaitable<{ keys: RecordKeys[]; cursor?: string }>;
  /** The same of the index of imported tokens: ids of the master keys of its MACs. */
  entryKeys(after: string, limit: number): Awaitable<{ keys: string[]; cursor?: string }>;
  /** The same of all documents. */
  documentKeys(after: string, limit: number): Awaitable<{ keys: DocumentKeys[]; cursor?: string }>;
  /** Removes forms of imported tokens, of which there are none. */
  dropForms(forms: readonly string[]): Promise<void>;
}

/**
 * Reports a record that cannot be used. `why` holds none of its content; without `advice` it is not as
 * Usher wrote it.
 */
export type OnBrokenRecord = (id: string, why: string, advice?: string) => void;

/** Signs records again, which changes neither their revision nor their content. Throws Unavailable. */
export interface RecordSigner {
  /**
   * Signs the records of these UUIDs under the current master key, where they are not. Resolves to
   * how many it signed.
   */
  signRecords(ids: readonly string[]): Promise<number>;
  /** Signs the index of imported tokens under the current master key, where it is not. */
  signImported(): Promise<void>;
  /** Signs all documents under the current master key, where they are not. */
  signDocuments(): Promise<void>;
  /** From now on the store refuses what has no MAC: all records and the index must be signed. */
  endMigration(): Promise<void>;
}
