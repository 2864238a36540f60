/** Restores a backup into an empty store, after all of it was checked. */

import { v4 } from 'uuid';
import type { ChainedEvent, ChainHead } from '../store/audit.ts';
import type { NamedDocument } from '../store/documents.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { RecordSeal } from '../store/seal.ts';
import type { ImportedEntry, Store, Usage } from '../store/store.ts';
import { type BackupLine, readLine } from './backup-line.ts';
import { BackupProblem, checkBackup, nameOf, type Restored } from './check-backup.ts';

/** Who restores a backup, and when. */
export interface RestoredBy {
  /** As AuditEvent.actor. */
  actor: string;
  /** As AuditEvent.peer. */
  peer: string;
  /** Milliseconds since 1970. */
  time: number;
}

/** Lines that are written at once. */
const batchSize = 500;

/**
 * Checks a backup and writes it into a store, with an audit entry that says so. `lines` reads it from the start, and is called twice.
 * Throws BackupProblem before anything is written, and Unavailable.
 */
export async function restoreBackup(
  lines: () => AsyncIterable<string>,
  store: Store,
  seal: RecordSeal,
  { actor, peer, time }: RestoredBy,
): Promise<Restored> {
  if (!(await store.isEmpty())) {
    throw new BackupProblem('the store is not empty: name another one in USHER_STORE, or empty it');
  }
  const { lastLineOf, lastDocumentOf, forms, identity, end } = await checkBackup(lines(), seal);
  await store.beginRestore();
  await store.reserveImported(forms, []);
  const restored: Restored = { records: 0, entries: 0, imported: 0, documents: 0 };
  let number = 0;
  let batch = emptyBatch();
  for await (const text of lines()) {
    number += 1;
    const line = readLine(seal, text) as BackupLine;
    // Only the last line about an access token or a document holds.
    const isLast =
      'record' in line
        ? lastLineOf.get(line.record.id) === number
        : !('document' in line) || lastDocumentOf.get(nameOf(line.document)) === number;
    if (isLast) put(batch, line);
    if (number % batchSize !== 0) continue;
    await write(store, batch, restored);
    batch = emptyBatch();
  }
  await write(store, batch, restored);
  await store.append({
    ...{ id: v4(), action: 'store.restore', actor, peer, tokenId: '', requestId: '' },
    // Times never run backwards along the log.
    time: Math.max(time, end.time),
    detail: sentenceOf(restored, end),
  });
  await store.endRestore(identity);
  return restored;
}

function sentenceOf(
  { records, entries, imported, documents }: Restored,
  { sequence, time }: ChainHead,
): string {
  return (
    `${records} access tokens, ${imported} digests of imported tokens, ${documents} documents and ` +
    `${entries} entries of the log, of a backup whose log ends with entry ${sequence} of ${new Date(time).toISOString()}`
  );
}

interface Batch {
  records: AccessTokenRecord[];
  usage: [tokenId: string, Usage][];
  imported: ImportedEntry[];
  documents: NamedDocument[];
  events: ChainedEvent[];
}

function emptyBatch(): Batch {
  return { records: [], usage: [], imported: [], documents: [], events: [] };
}

function put({ records, usage, imported, documents, events }: Batch, line: BackupLine): void {
  if ('record' in line) {
    records.push(line.record);
    if (line.usage !== undefined) usage.push([line.record.id, line.usage]);
  } else if ('imported' in line) imported.push(line.imported);
  else if ('document' in line) documents.push(line.document);
  else if ('event' in line) events.push(line.event);
}

async function write(store: Store, batch: Batch, restored: Restored): Promise<void> {
  const { records, usage, imported, documents, events } = batch;
  if (records.length > 0) await store.loadRecords(records);
  if (imported.length > 0) await store.reserveImported([], imported);
  if (documents.length > 0) await store.loadDocuments(documents);
  if (events.length > 0) await store.loadEvents(events);
  const deltas = usage.flatMap(([tokenId, { days, lastUsedAt = 0 }]) =>
    Object.entries(days).map(([date, count]) => ({ tokenId, date, count, lastUsedAt })),
  );
  if (deltas.length > 0) await store.addUsage(deltas);
  restored.records += records.length;
  restored.imported += imported.length;
  restored.entries += events.length;
  restored.documents += documents.length;
}
