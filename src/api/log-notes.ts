/** What the audit log says of the last changes of records and documents. */

import { changesRecord } from '../wording/actions.ts';
import type { AuditEntry } from './audit-log.ts';

/** The last entry of a document. */
export interface DocumentEntry extends Pick<AuditEntry, 'sequence' | 'action'> {
  /** The revision that it made; absent for a removal. */
  revision?: number;
  /** When the document ends, in milliseconds since 1970; absent for never, or in entries of earlier versions. */
  until?: number;
}

/** What was noted while a log was read, oldest entry first. */
export interface LogNotes {
  /** UUID of each access token → id of the event of its last change. */
  records: Map<string, string>;
  /** Name of each document → its last entry. */
  documents: Map<string, DocumentEntry>;
  /** Numbers of the first and the last entry; 0 in an empty log. */
  first: number;
  last: number;
}

/** Notes of which nothing was read yet. */
export function emptyNotes(): LogNotes {
  return { records: new Map(), documents: new Map(), first: 0, last: 0 };
}

/** Passes entries on, and notes what they changed. */
export async function* noteChanges(
  entries: AsyncIterable<AuditEntry>,
  notes: LogNotes,
): AsyncGenerator<AuditEntry> {
  for await (const entry of entries) {
    notes.first ||= entry.sequence;
    notes.last = entry.sequence;
    if (changesRecord(entry)) notes.records.set(entry.tokenId, entry.id);
    noteDocument(notes.documents, entry);
    yield entry;
  }
}

/** Collections of whose documents the log holds only some changes. */
const partlyLogged = ['jobs', 'deliveries'];

function noteDocument(documents: LogNotes['documents'], entry: AuditEntry): void {
  const { sequence, action, after } = entry;
  if (action === 'store.restore') {
    // No backup holds sessions.
    for (const name of documents.keys()) if (name.startsWith('sessions/')) documents.delete(name);
  }
  const { collection, id, revision, until } = (after?.document ?? {}) as Record<string, unknown>;
  if (typeof collection !== 'string' || typeof id !== 'string') return;
  if (partlyLogged.includes(collection)) return;
  documents.set(`${collection}/${id}`, {
    ...{ sequence, action },
    ...(typeof revision === 'number' && { revision }),
    ...(typeof until === 'number' && { until }),
  });
}
