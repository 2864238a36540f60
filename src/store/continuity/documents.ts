/**
 * Documents that a rolled back store lost changes of. One that was removed is removed again. What else
 * was lost is known by its revision alone, so an older document is unavailable until the loss is accepted.
 */

import { randomUUID } from 'node:crypto';
import type { ChangedDocument, StoredDocument } from '../documents.ts';
import { Unavailable } from '../store.ts';
import { usherEvent } from './events.ts';
import type { ChangedStore } from './notes.ts';
import type { TailEntry } from './tail.ts';

/** A document whose last known change is lost. */
export interface LostDocument {
  /** Its collection, a slash, and its id. */
  name: string;
  /** The revision that it had. */
  revision: number;
}

/** An entry of a change of a document. */
export type DocumentEntry = TailEntry & { document: ChangedDocument };

/** The name of a document in messages and in the log. */
export function nameOf({ collection, id }: ChangedDocument): string {
  return `${collection}/${id}`;
}

/** Whether an entry is about a document. */
export function isDocumentEntry(entry: TailEntry): entry is DocumentEntry {
  return entry.document !== undefined;
}

/** The last entry of each document. */
function lastOfEach(entries: readonly TailEntry[]): Map<string, DocumentEntry> {
  return new Map(entries.filter(isDocumentEntry).map(entry => [nameOf(entry.document), entry]));
}

/**
 * Whether the store has a change: the document at its revision or a later one, or none. One that is not
 * there has ended or was removed since, or its creation was lost, which gives no right.
 */
export function hasChange(
  document: StoredDocument | undefined,
  { revision }: ChangedDocument,
): boolean {
  return document === undefined || (revision !== undefined && document.revision >= revision);
}

/** Attempts at removing one document while others change it. */
const attemptsMax = 8;

/** Removes again the documents whose removal is lost. Throws Unavailable. */
export async function putRemovalsBack(
  store: Pick<ChangedStore, 'document' | 'changeDocument' | 'endSession'>,
  entries: readonly TailEntry[],
  now: () => number,
): Promise<void> {
  for (const { document, action } of lastOfEach(entries).values()) {
    if (document.revision === undefined) await removeAgain(store, document, action, now);
  }
}

async function removeAgain(
  store: Pick<ChangedStore, 'document' | 'changeDocument' | 'endSession'>,
  { collection, id }: ChangedDocument,
  action: string,
  now: () => number,
): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const found = await store.document(collection, id);
    if (found === undefined) return;
    if (collection === 'sessions') await endAgain(store, found);
    const event = usherEvent(randomUUID(), now(), action, 'put back after the store lost it');
    const change = { collection, id, before: found.revision, event };
    if ((await store.changeDocument(change)) === 'done') return;
  }
  throw new Unavailable('a document changes too fast to be removed again');
}

/** The list of sessions does not decide which are good: the note that one has ended is lost with the removal. */
async function endAgain(
  store: Pick<ChangedStore, 'endSession'>,
  { body: { sessionId }, keepUntil }: StoredDocument,
): Promise<void> {
  if (typeof sessionId !== 'string' || keepUntil === undefined) return;
  await store.endSession(sessionId, keepUntil);
}

/** What is lost of these changes of documents. Call it after `putRemovalsBack`. Throws Unavailable. */
export async function lostDocumentsOf(
  store: Pick<ChangedStore, 'document'>,
  entries: readonly TailEntry[],
): Promise<{ documents: LostDocument[]; whole: ReadonlySet<string> }> {
  const documents: LostDocument[] = [];
  const whole = new Set<string>();
  for (const [name, { document }] of lastOfEach(entries)) {
    const { collection, id, revision } = document;
    if (revision === undefined) continue;
    const found = await store.document(collection, id);
    if (found !== undefined && found.revision >= revision) whole.add(name);
    // The next sign-in by a provider would create a person again, as they were before they lost a right.
    else if (found !== undefined || (collection === 'people' && revision > 1)) {
      documents.push({ name, revision });
    }
  }
  return { documents, whole };
}
