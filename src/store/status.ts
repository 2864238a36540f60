/** What a replica knows about the history of its store, for operators. */

/** A position in the audit log. */
export interface LogPoint {
  /** Sequence number of the entry; 0 for the start of the log. */
  sequence: number;
  /** Hash of that entry; 64 zeros for the start of the log. */
  hash: string;
}

/** A change that a replica saw in the log and that the store has lost. */
export interface LostChange {
  /** Position in the log as it was. */
  sequence: number;
  /** Milliseconds since 1970. */
  time: number;
  /** As AuditEvent.action. */
  action: string;
  /** UUID of the access token, or "". */
  tokenId: string;
  /** The document that was changed, by its collection, a slash and its id; absent for none. */
  document?: string;
  /** Whether it was a revocation or a removal, which Usher puts back by itself. */
  isPutBack: boolean;
}

/** The head of a replica that lives. */
export interface ReplicaHead extends LogPoint {
  /** Host and process id. */
  replica: string;
  /** When the replica wrote it, in milliseconds since 1970. */
  time: number;
  /** Its version of Usher, as "0.1.0"; absent from one that does not say it. */
  version?: string;
  /** The master keys that it has; absent from a replica of an earlier version. */
  keys?: ReplicaKeys;
}

/** The master keys that a replica has. */
export interface ReplicaKeys {
  /** Master key id → check value, of all that it reads. */
  reads: Record<string, string>;
  /** Id of the one that it writes with. */
  writes: string;
}

/** What a replica knows about its store. */
export interface StoreStatus {
  /** Host and process id of the replica. */
  replica: string;
  /** Identity of the store that the replica knows; absent when it has read none. */
  identity?: string;
  /** The last entry of the log that the replica knows; absent when it has read none. */
  head?: LogPoint;
  /** The identity that the store has now; absent when it has none, or does not answer. */
  storeIdentity?: string;
  /** The last entry that the store has now; absent when the store does not answer. */
  storeHead?: LogPoint;
  /** Why nothing that is read from the store is used; absent while it is used. */
  problem?: string;
  /** The lost changes that were not accepted, oldest first, at most 1000. */
  lost: LostChange[];
  /** The heads that live replicas wrote to the store. */
  replicas: ReplicaHead[];
}

/** Who accepts a store. */
export interface AcceptedBy {
  /** As AuditEvent.actor. */
  actor: string;
  /** As AuditEvent.peer. */
  peer: string;
}

/** Shows and accepts the store as it is. */
export interface StoreOversight {
  /** What this replica knows. Never rejects. */
  storeStatus(): Promise<StoreStatus>;
  /**
   * Accepts the store as it is now, for this replica and all that knew the same log, and records
   * who did. Throws Unavailable.
   */
  acceptStore(by: AcceptedBy): Promise<void>;
}
