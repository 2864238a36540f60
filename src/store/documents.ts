/**
 * The small things that Usher keeps besides access tokens: people, webhooks, jobs. They share one
 * capability of the store, so that each store keeps, signs and backs up all of them alike.
 */

import { randomUUID } from 'node:crypto';
import type { AuditEvent } from './audit.ts';
import type { Awaitable } from './awaitable.ts';
import type { JsonObject } from './record.ts';

/** What kinds of documents there are. Each is a collection of its own. */
export const collections = [
  'people',
  'invitations',
  'sessions',
  'jobs',
  'leaks',
  'webhooks',
  'deliveries',
] as const;

/** The name of a collection. */
export type Collection = (typeof collections)[number];

/**
 * The collections that a backup holds. What runs or ends by itself is not in it: sessions, jobs, and
 * deliveries of webhooks.
 */
export const backedUpCollections = [
  'people',
  'invitations',
  'leaks',
  'webhooks',
] as const satisfies readonly Collection[];

/**
 * The collections whose documents are created and removed with an event, if they do not end by themselves. Of
 * jobs and deliveries the log holds only some changes.
 */
export const loggedCollections = [
  'people',
  'invitations',
  'sessions',
  'leaks',
  'webhooks',
] as const satisfies readonly Collection[];

/** A document as the store has it. */
export interface StoredDocument {
  /** Up to 64 characters of A-Z, a-z, 0-9, "-", "_" and "."; documents are listed in its order. */
  readonly id: string;
  /** 1 when created, one more with each change. */
  readonly revision: number;
  /** Its content. A secret in it is sealed by its owner, since the store only signs documents. */
  readonly body: JsonObject;
  /** When the store removes it by itself, in milliseconds since 1970; absent for never. */
  readonly keepUntil?: number;
}

/** A change of one document. */
export interface DocumentChange {
  collection: Collection;
  id: string;
  /** The revision that the change is based on; 0 to create. */
  before: number;
  /** The new content; absent to remove the document. */
  body?: JsonObject;
  /** As in StoredDocument; whole milliseconds. */
  keepUntil?: number;
  /**
   * Written to the audit log with the change, with the document's name, revision and end in its `after`;
   * absent for a change that the log does not hold.
   */
  event?: AuditEvent;
}

/** Which documents to list. */
export interface DocumentScan {
  collection: Collection;
  /** Start behind this id; absent for the first page. */
  after?: string;
  /** Only ids that begin with this; absent for all. */
  prefix?: string;
  /** Page size, at most. */
  limit: number;
}

/** Keeps documents. Throws Unavailable, also for a document that is not as Usher wrote it. */
export interface Documents {
  /** The document of an id, always from the store itself; undefined when there is none. */
  document(collection: Collection, id: string): Awaitable<StoredDocument | undefined>;
  /**
   * Lists documents in the order of their ids. A page shorter than the limit is the last one. Leaves out
   * those that a rolled back store holds in an older revision, which `document` throws Unavailable for.
   */
  documents(scan: DocumentScan): Awaitable<StoredDocument[]>;
  /**
   * Makes a change: durable, and its event in the audit log, once it resolves. "conflict" when the
   * document is at another revision than `before`. A repeated change with the same event is made
   * once, and "done" each time. Without an event, each call is a change of its own: of two calls that
   * create the same document, one is "done". An id that was removed begins at revision 1 again; one whose
   * removal had an event must not be used again, since a rolled back store would have it removed.
   */
  changeDocument(change: DocumentChange): Promise<'done' | 'conflict'>;
}

/** A document with the collection that it is in. */
export interface NamedDocument extends StoredDocument {
  readonly collection: Collection;
}

/** The document that an event changed: without a revision when it was removed. */
export interface ChangedDocument {
  readonly collection: Collection;
  readonly id: string;
  readonly revision?: number;
}

/** What an event says of the document that it changed; undefined for an event of something else. */
export function changedDocument({ after }: Pick<AuditEvent, 'after'>): ChangedDocument | undefined {
  const { collection, id, revision } = (after?.document ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !collections.some(name => name === collection)) return undefined;
  const named = { collection: collection as Collection, id };
  return typeof revision === 'number' ? { ...named, revision } : named;
}

/** A change as the stores make it. */
export interface PreparedChange extends DocumentChange {
  /** What recognises a repeated change: the event's id, or a random one. */
  changeId: string;
  /** The document afterwards; absent when it is removed. */
  document?: StoredDocument;
}

/** Throws TypeError for an id that no store can keep, and for a time that is no whole number. */
export function prepareChange(change: DocumentChange): PreparedChange {
  const { collection, id, before, body, keepUntil, event } = change;
  checkDocumentId(id);
  if (keepUntil !== undefined && !Number.isSafeInteger(keepUntil)) {
    throw new TypeError('keepUntil is no whole number of milliseconds');
  }
  const changeId = event?.id ?? randomUUID();
  const revision = before + 1;
  const isEnding = body !== undefined && keepUntil !== undefined;
  const document = body && { id, revision, body, ...(isEnding && { keepUntil }) };
  const named = {
    ...{ collection, id },
    ...(document && { revision }),
    ...(isEnding && { until: keepUntil }),
  };
  return {
    ...change,
    changeId,
    ...(document === undefined ? {} : { document }),
    ...(event && { event: { ...event, after: { ...event.after, document: named } } }),
  };
}

/** What ids of documents match. */
export const documentIdPattern = /^[\w.-]{1,64}$/;

/** Throws TypeError for an id that no document can have. */
export function checkDocumentId(id: string): void {
  if (!documentIdPattern.test(id)) throw new TypeError('not an id of a document');
}
