/** What the continuity of a store needs of it. */

import type { Awaitable } from '../awaitable.ts';
import type { Documents } from '../documents.ts';
import type { ReplicaHead } from '../status.ts';
import type { AuditLog, EndedSessions, TokenReader, TokenWriter } from '../store.ts';
import type { Loss } from './loss-entries.ts';

/** What a store says about itself, beside the log. */
export interface StoreNotes {
  /**
   * `identity` is a random value that names the store; `lost` that of a store which was here, and
   * which a replica found emptied. Throws Unavailable.
   */
  read(): Awaitable<{ identity?: string; lost?: string }>;
  /** Gives the store an identity, unless it has one or a loss is noted. Throws Unavailable. */
  claim(identity: string): Promise<void>;
  /** Notes the loss of a store, unless this one has an identity. Throws Unavailable. */
  noteLoss(identity: string): Promise<void>;
  /**
   * Removes the note of a loss, gives the store an identity if it has none, and remembers that the
   * entries of these hashes were lost. Throws Unavailable.
   */
  accept(identity: string, hashes: readonly string[]): Promise<void>;
  /** Whether the loss of an entry was accepted. Throws Unavailable. */
  isAccepted(hash: string): Awaitable<boolean>;
  /**
   * Keeps a loss, under the id of its entry in the log, until it is accepted: the log is read back for a
   * day only. Throws Unavailable.
   */
  keepLoss(eventId: string, loss: Loss): Promise<void>;
  /** The losses that are kept. Throws Unavailable. */
  losses(): Awaitable<Loss[]>;
  /** Forgets them, once they are accepted. Throws Unavailable. */
  forgetLosses(): Promise<void>;
  /** Writes a replica's head, for `keepMs`. Throws Unavailable. */
  writeHead(head: ReplicaHead, keepMs: number): Promise<void>;
  /** The heads that were written and are still kept. Throws Unavailable. */
  heads(): Awaitable<ReplicaHead[]>;
}

/** A store as its continuity uses it: without the check that continuity itself is. */
export interface WatchedStore {
  readonly notes: StoreNotes;
  /** The log and the records, on the connection on which records are read for verification. */
  readonly reads: Pick<AuditLog, 'events'> & TokenReader & Pick<Documents, 'document'>;
  /**
   * The store on the connection of changes. After a failover it can be another server than that of
   * `reads`, so whatever is put back is decided by what is read here.
   */
  readonly changes: Pick<AuditLog, 'events' | 'append' | 'note'> &
    TokenReader &
    Pick<TokenWriter, 'commit'> &
    Pick<Documents, 'document' | 'changeDocument'> &
    Pick<EndedSessions, 'endSession'>;
}

/** The part of a store that healing uses. */
export type ChangedStore = WatchedStore['changes'];
