/** What the rooms to the left may ask of a store. Split by capability, so that a reader cannot write. */

import type { AuditEvent, ChainedEvent, ChainHead } from './audit.ts';
import type { Feed } from './feed.ts';
import type { AccessTokenRecord } from './record.ts';

/** A value now or later: the embedded store answers at once, Redis does not. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Thrown when the store cannot be asked or did not answer in time: the answer is not known. For a
 * write it is then unknown whether it was made; a repeated `commit` of the same change makes it once.
 * The cause is for the operator's log, never for a caller.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** Reads single access tokens, always from the store itself. */
export interface TokenReader {
  /** The record of a UUID, or undefined when there is none. Throws Unavailable. */
  get(id: string): Awaitable<AccessTokenRecord | undefined>;
}

/** What is known of an access token. */
export interface Found {
  /** Undefined when there is none. */
  readonly record: AccessTokenRecord | undefined;
  /** The store could not be asked; the record was current shortly before. */
  readonly stale: boolean;
  /** How long others who are told of changes may go on believing it, in milliseconds; absent: until told. */
  readonly believedMs?: number;
}

/** Reads access tokens for verification, from memory where that is as good as from the store. */
export interface CoherentReader {
  /** What is known of a UUID. Throws Unavailable. */
  find(id: string): Awaitable<Found>;
  /** Whether what was found earlier may still be believed, without finding it again. */
  isCurrent(found: Found): boolean;
  /** How old what is believed may be, in milliseconds; absent where it is never older than the look. */
  ageMs?(): number;
}

/** Orders in which access tokens can be walked. */
export type Order = 'newest' | 'oldest' | 'expiry';

/** Which access tokens to walk, and from where. */
export interface Scan {
  /** 'expiry' leaves out those that never expire. */
  order: Order;
  /** Only those of this owner; not with order 'expiry'. */
  owner?: string;
  /** With order 'expiry': only those that expire after this, in milliseconds since 1970. */
  expiresAfter?: number;
  /** The cursor of the page before; absent for the start. */
  after?: string;
  /** How many at most. */
  limit: number;
}

/** A stretch of a walk. */
export interface ScanPage {
  records: AccessTokenRecord[];
  /** Where to go on; absent at the end. */
  cursor?: string;
}

/** Walks access tokens. Throws Unavailable. */
interface TokenLister {
  scan(scan: Scan): Awaitable<ScanPage>;
  /** How many access tokens there are, of one owner or in all. */
  count(owner?: string): Awaitable<number>;
}

/** A change made under a request id, kept for a while so that a repeat can be answered. */
export interface StoredRequest {
  /** The caller's id and the request id, joined. */
  key: string;
  /** Hash of what was asked, so that the id used for something else is noticed. */
  digest: string;
  /** The access token that it made or changed. */
  tokenId: string;
  /** The sealed token or secret that was answered; absent where there was none. */
  sealedReply?: string;
  /** When the reply is no longer given, in milliseconds since 1970. */
  replyUntil: number;
  /** When all of it is forgotten, in milliseconds since 1970. */
  keepUntil: number;
}

/** A change of one access token with all that goes with it: made whole, or not at all. */
export interface Change {
  /** The record that the change was made from; absent to create. */
  before?: AccessTokenRecord;
  /** The record to write; its revision is one more than `before`'s, its eventId is `event.id`. */
  record: AccessTokenRecord;
  event: AuditEvent;
  request?: StoredRequest;
}

/** What became of a change. */
export type Committed =
  /** Written, durable, and in the audit log. */
  | { outcome: 'done' }
  /** Not written: the record is not at `before`'s revision any more, or exists already. */
  | { outcome: 'conflict' }
  /** Not written again: this request id was carried out before. */
  | { outcome: 'repeated'; request: StoredRequest };

/** Changes access tokens. */
interface TokenWriter {
  /**
   * Makes a change. A record that is revoked never becomes anything else, however late or often a
   * write arrives. Resolves when the change would survive a kill -9. Throws Unavailable.
   */
  commit(change: Change): Promise<Committed>;
  /** What was done under a request key, or undefined. Throws Unavailable. */
  findRequest(key: string): Awaitable<StoredRequest | undefined>;
}

/** A digest of an imported token, and the access token that it is to lead to. */
export interface ImportedEntry {
  digest: string;
  tokenId: string;
}

/** Leads from a digest of an imported token to its access token, which the token does not name. */
export interface ImportedIndex {
  /** The forms that imported tokens have: words of the one who reserves; none without imports. */
  importedForms(): Awaitable<readonly string[]>;
  /** The UUID that a digest was reserved for, for ever, or undefined. Throws Unavailable. */
  findImported(digest: string): Awaitable<string | undefined>;
  /**
   * Adds forms, then reserves digests; resolves to the UUID that each leads to now, in order, which is
   * an earlier one where there was one. The access token is made afterwards. Throws Unavailable.
   */
  reserveImported(forms: readonly string[], entries: readonly ImportedEntry[]): Promise<string[]>;
}

/** Which audit events to read. */
export interface AuditScan {
  order: 'newest' | 'oldest';
  /** Only those of this access token. */
  tokenId?: string;
  /** Go on behind this sequence number; absent for the start. */
  after?: number;
  limit: number;
}

/** The audit log: append-only and hash-chained. Throws Unavailable. */
export interface AuditLog {
  /** Adds an event that goes with no change, such as a refused call. Once per event id. */
  append(event: AuditEvent): Promise<void>;
  events(scan: AuditScan): Awaitable<ChainedEvent[]>;
  /** The end of the log. */
  head(): Awaitable<ChainHead>;
}

/** Uses of one access token to be added. */
export interface UsageDelta {
  tokenId: string;
  /** The day in UTC, as in "2024-02-22". */
  date: string;
  count: number;
  /** Milliseconds since 1970. */
  lastUsedAt: number;
}

/** How often and when an access token was used. */
export interface Usage {
  /** Day in UTC → count. */
  days: Record<string, number>;
  /** Milliseconds since 1970. */
  lastUsedAt?: number;
}

/** Counts uses, apart from the records, so that counting never changes a revision. Throws Unavailable. */
export interface UsageCounter {
  /** Resolves to those that could not be added, for which it may be tried again. */
  addUsage(deltas: UsageDelta[]): Promise<UsageDelta[]>;
  /** One for each id, in order; empty for one never used. */
  usage(tokenIds: string[]): Awaitable<Usage[]>;
}

/** Sessions of the API Manager that were ended before their time. Throws Unavailable. */
export interface EndedSessions {
  /** `until` is when it would have ended by itself, in milliseconds since 1970. */
  endSession(id: string, until: number): Promise<void>;
  isSessionEnded(id: string): Awaitable<boolean>;
}

/** Whether the store answers. */
export interface StoreHealth {
  readonly up: boolean;
  /** Calls back on every change, until the returned function is called. */
  onChange(listener: (up: boolean) => void): () => void;
}

/** A store. */
export interface Store
  extends TokenReader,
    CoherentReader,
    TokenLister,
    TokenWriter,
    ImportedIndex,
    AuditLog,
    UsageCounter,
    EndedSessions {
  readonly health: StoreHealth;
  /** Word of changed records, whoever changed them. */
  readonly feed: Omit<Feed, 'close'>;
  /** Ends connections and timers; what was asked before it is answered first. */
  close(): Promise<void>;
}
