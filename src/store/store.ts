/** What a store does, as one interface per capability, so that a reader cannot write. */

import type { AuditEvent, ChainedEvent, ChainHead } from './audit.ts';
import type { Awaitable } from './awaitable.ts';
import type { Documents } from './documents.ts';
import type { Feed } from './feed.ts';
import type { StoreHealth } from './health.ts';
import type { LimitCounter } from './limit-counts.ts';
import type { AccessTokenRecord } from './record.ts';
import type { KeyLedger, RecordSigner } from './seal.ts';
import type { StoreOversight } from './status.ts';
import type { StoreTransfer } from './transfer.ts';
import type { UsageCounter } from './usage.ts';

export type { Usage, UsageCounter, UsageDelta } from './usage.ts';

/**
 * Thrown when the store cannot be reached, did not answer in time, or holds what cannot be read:
 * the answer is unknown. For a write it is unknown whether it was made; repeating `commit` with the
 * same change makes it only once. The cause is for the operator's log, never for a caller.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/**
 * Thrown at the start when a store cannot be used as it is. The message tells the operator what is
 * wrong and what to do.
 */
export class StoreUnusable extends Error {
  override readonly name: string = 'StoreUnusable';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** Thrown at the start when the store is not one for this version and these master keys. */
export class StoreMismatch extends StoreUnusable {
  override readonly name = 'StoreMismatch';
}

/** Reads single records, always from the store itself. */
export interface TokenReader {
  /** The record of a UUID, or undefined when there is none. Throws Unavailable. */
  get(id: string): Awaitable<AccessTokenRecord | undefined>;
}

/** The result of a look-up of a record. */
export interface Found {
  /** Undefined when there is no record. */
  readonly record: AccessTokenRecord | undefined;
  /** True when the store could not be reached and the record comes from the cache. */
  readonly stale: boolean;
  /**
   * How long a caller that watches invalidations may cache it, in milliseconds; absent: until
   * invalidated.
   */
  readonly freshMs?: number;
}

/** Reads records for verification, from the cache where that is as good as from the store. */
export interface CoherentReader {
  /** Looks up a UUID. Throws Unavailable. */
  find(id: string): Awaitable<Found>;
  /** Whether an earlier result is still current, so that it need not be looked up again. */
  isCurrent(found: Found): boolean;
  /** How old a result may be, in milliseconds; absent when it is never older than its look-up. */
  ageMs?(): number;
}

/** Orders of a scan: by creation, newest or oldest first, or by expiry, soonest first. */
export type Order = 'newest' | 'oldest' | 'expiry';

/** Which access tokens to scan, and from where. */
export interface Scan {
  /** 'expiry' leaves out access tokens that never expire. */
  order: Order;
  /** Only access tokens of this owner; not with order 'expiry'. */
  owner?: string;
  /** With order 'expiry': only access tokens that expire after this, in milliseconds since 1970. */
  expiresAfter?: number;
  /** The previous page's cursor; absent for the first page. */
  after?: string;
  /** Page size, at most. */
  limit: number;
}

/** A page of a scan. It can be shorter than the limit, even empty, when more follow. */
export interface ScanPage {
  records: AccessTokenRecord[];
  /** Where the next page starts; absent at the end. */
  cursor?: string;
}

/** Lists access tokens. Throws Unavailable. */
interface TokenLister {
  /** Reads a page. */
  scan(scan: Scan): Awaitable<ScanPage>;
  /** How many access tokens there are, of one owner or in total. */
  count(owner?: string): Awaitable<number>;
}

/** What a request id did, kept for a while so that a repeat can be answered. */
export interface StoredRequest {
  /** The caller's actor and the request id, joined by a colon. */
  key: string;
  /** Hash of the call, so that the same id on a different call is detected. */
  digest: string;
  /** UUID of the access token that it created or changed. */
  tokenId: string;
  /** The encrypted token or secret of the answer; absent when there was none. */
  sealedReply?: string;
  /** Until when `sealedReply` may be returned again, in milliseconds since 1970. */
  replyUntil: number;
  /** Until when the request is remembered, in milliseconds since 1970. */
  keepUntil: number;
}

/** An atomic change of one access token, with its audit event and request id. */
export interface Change {
  /** The record that the change is based on; absent to create. */
  before?: AccessTokenRecord;
  /** The record to write; its revision is one more than `before`'s, its eventId is `event.id`. */
  record: AccessTokenRecord;
  event: AuditEvent;
  /** Absent when the caller sent no request id. */
  request?: StoredRequest;
}

/** The outcome of a commit. */
export type Committed =
  /** Written, durable, and in the audit log. */
  | { outcome: 'done' }
  /** Not written: the record is no longer at `before`'s revision, is revoked, or exists already. */
  | { outcome: 'conflict' }
  /** Not written again: this request id made a change before. */
  | { outcome: 'repeated'; request: StoredRequest };

/** Changes access tokens. */
export interface TokenWriter {
  /**
   * Makes a change. A revoked record never changes again, however late or often a write arrives.
   * Resolves once the change would survive a kill -9. Throws Unavailable.
   */
  commit(change: Change): Promise<Committed>;
  /** What a request key did, or undefined. Throws Unavailable. */
  findRequest(key: string): Awaitable<StoredRequest | undefined>;
  /**
   * Resolves when everything read of this access token so far is as durable as a commit: a change of it
   * under way is completed first, with its audit entry. What was read must be read again afterwards, and
   * is durable when it is the same. Throws Unavailable.
   */
  settle(tokenId: string): Promise<void>;
}

/** An entry of the index of imported tokens. */
export interface ImportedEntry {
  /** Keyed hash of the token or of its hash, in base64url. */
  digest: string;
  /** UUID of its access token. */
  tokenId: string;
}

/** Index of imported tokens by digest: unlike Usher's own, they do not contain a UUID. */
export interface ImportedIndex {
  /**
   * The forms of imported tokens, opaque to the store; none without imports. Throws Unavailable.
   */
  importedForms(): Awaitable<readonly string[]>;
  /** The UUID that a digest is permanently reserved for, or undefined. Throws Unavailable. */
  findImported(digest: string): Awaitable<string | undefined>;
  /**
   * Adds forms, then reserves digests. Resolves to the UUID of each digest, in order: the given
   * one, or that of an earlier reservation. The caller creates the access tokens afterwards. Throws
   * Unavailable.
   */
  reserveImported(forms: readonly string[], entries: readonly ImportedEntry[]): Promise<string[]>;
  /**
   * Resolves when these reservations, and the forms, are as durable as a commit: an earlier call may
   * have made them and failed. Throws Unavailable.
   */
  settleImported(digests: readonly string[]): Promise<void>;
}

/** Which audit events to read. */
export interface AuditScan {
  order: 'newest' | 'oldest';
  /** Only events of this access token; absent for all. */
  tokenId?: string;
  /** Start after this sequence number, in the given order; absent for the first page. */
  after?: number;
  /** Page size, at most. */
  limit: number;
}

/** The audit log: append-only and hash-chained. Throws Unavailable. */
export interface AuditLog {
  /** Adds an event that is no change, such as a sign-in, durably. Idempotent by event id. */
  append(event: AuditEvent): Promise<void>;
  /** The same for one that no caller waits for, such as a count: a failover can lose it. */
  note(event: AuditEvent): Promise<void>;
  /** Reads a page of the log. */
  events(scan: AuditScan): Awaitable<ChainedEvent[]>;
  /** The last entry. */
  head(): Awaitable<ChainHead>;
  /**
   * Removes the oldest entries up to a sequence number, at most `limit`. Resolves to whether more are left
   * up to there. The caller has added the checkpoint entry of their removal.
   */
  removeEvents(upTo: number, limit: number): Promise<boolean>;
}

/** Sessions of the API Manager that were ended before they expired. Throws Unavailable. */
export interface EndedSessions {
  /** Ends a session. `until` is when it would expire, in milliseconds since 1970. */
  endSession(id: string, until: number): Promise<void>;
  /** Whether `endSession` was called for it. */
  isSessionEnded(id: string): Awaitable<boolean>;
}

/** A store: all its capabilities. */
export interface Store
  extends TokenReader,
    CoherentReader,
    TokenLister,
    TokenWriter,
    RecordSigner,
    KeyLedger,
    StoreTransfer,
    ImportedIndex,
    AuditLog,
    UsageCounter,
    LimitCounter,
    EndedSessions,
    Documents,
    StoreOversight {
  readonly health: StoreHealth;
  /** How far this machine's clock is behind the store's, in milliseconds; absent where it is the same. */
  clockSkewMs?(): number;
  /** Invalidations of changed records, whichever process changed them. */
  readonly feed: Omit<Feed, 'close'>;
  /** Answers the calls under way, then ends connections and timers. */
  close(): Promise<void>;
}
