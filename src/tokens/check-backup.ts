/** Checks a backup: every line, the chain of its log, and every record against the log. */

import { type ChainedEvent, type ChainHead, emptyChain, linkHash } from '../store/audit.ts';
import { changedDocument, type NamedDocument } from '../store/documents.ts';
import type { RecordSeal } from '../store/seal.ts';
import { changesRecord } from '../wording/actions.ts';
import { isBackedUp } from './backup-documents.ts';
import { type BackupLine, backupFormat, readLine } from './backup-line.ts';

/** A backup that cannot be restored, in a sentence for the operator. */
export class BackupProblem extends Error {
  override readonly name = 'BackupProblem';
}

/** What a restore needs to know of a whole backup. */
export interface CheckedBackup {
  /** UUID of an access token → number of the last line with its record, from 1. */
  lastLineOf: ReadonlyMap<string, number>;
  /** The same of each document, by its collection, a slash and its id; 0 for one that is gone. */
  lastDocumentOf: ReadonlyMap<string, number>;
  /** The forms of imported tokens. */
  forms: readonly string[];
  /** The identity of the store, where it had one. */
  identity: string | undefined;
  /** What a restore of it brings. */
  counts: Restored;
  /** The end of the log, whose time is that of the backup. */
  end: ChainHead;
}

/** What a backup brings into a store. */
export interface Restored {
  records: number;
  /** Entries of the audit log. */
  entries: number;
  /** Entries of the index of imported tokens. */
  imported: number;
  /** People, invitations, webhooks and leaks. */
  documents: number;
}

/** What is kept of each access token while the lines go by. */
interface Seen {
  /** Number of its last line, revision and event of that record; absent without a record. */
  record?: { line: number; revision: number; eventId: string };
  /** How many entries of the log changed it, and the last of them. */
  changes: number;
  lastChange?: string;
}

/** What is kept of each document: its last line, and its last change in the log. */
interface SeenDocument {
  /** 0 for a line that says that it is gone. */
  line?: number;
  revision?: number;
  change?: { revision?: number };
}

/** Checks all lines. Throws BackupProblem. */
export async function checkBackup(
  lines: AsyncIterable<string>,
  seal: RecordSeal,
): Promise<CheckedBackup> {
  const tokens = new Map<string, Seen>();
  const seen = (id: string): Seen => {
    const known = tokens.get(id) ?? { changes: 0 };
    tokens.set(id, known);
    return known;
  };
  const documents = new Map<string, SeenDocument>();
  const seenDocument = (name: string): SeenDocument => {
    const known = documents.get(name) ?? {};
    documents.set(name, known);
    return known;
  };
  let number = 0;
  let imported = 0;
  let identity: string | undefined;
  let log: { first: number; head: ChainHead } | undefined;
  let end: Extract<BackupLine, { end: unknown }> | undefined;
  for await (const text of lines) {
    number += 1;
    const line = readLine(seal, text);
    if (typeof line === 'string') throw new BackupProblem(`line ${number} ${line}`);
    if (end !== undefined) throw new BackupProblem(`line ${number} follows the end of the backup`);
    checkPlace(line, number);
    if ('backup' in line) identity = line.identity;
    if ('record' in line) {
      const { id, revision, eventId } = line.record;
      seen(id).record = { line: number, revision, eventId };
    } else if ('document' in line) {
      const { revision } = line.document;
      Object.assign(seenDocument(nameOf(line.document)), { line: number, revision });
    } else if ('gone' in line) {
      Object.assign(seenDocument(nameOf(line.gone)), { line: 0, revision: undefined });
    } else if ('event' in line) {
      log = {
        first: log?.first ?? line.event.sequence,
        head: linked(log?.head, line.event, number),
      };
      if (changesRecord(line.event)) {
        const token = seen(line.event.tokenId);
        token.changes += 1;
        token.lastChange = line.event.id;
      }
      const document = changedDocument(line.event);
      if (document !== undefined && isBackedUp(document.collection)) {
        seenDocument(nameOf(document)).change = document;
      }
    } else if ('imported' in line) imported += 1;
    else if ('end' in line) end = line;
  }
  if (end === undefined) throw new BackupProblem('the backup has no end: it was cut short');
  if ((log?.head ?? emptyChain).hash !== end.end.hash) {
    throw new BackupProblem('the log of the backup does not reach its end');
  }
  const first = log?.first ?? 1;
  if (first > end.oldest) throw new BackupProblem('the log of the backup lacks its start');
  for (const [id, token] of tokens) checkRecord(id, token, first === 1);
  for (const [name, document] of documents) checkDocument(name, document);
  const lastLineOf = new Map([...tokens].map(([id, { record }]) => [id, record?.line ?? 0]));
  const lastDocumentOf = new Map([...documents].map(([name, { line = 0 }]) => [name, line]));
  const counts = {
    records: lastLineOf.size,
    entries: log === undefined ? 0 : log.head.sequence - log.first + 1,
    imported,
    documents: [...lastDocumentOf.values()].filter(line => line > 0).length,
  };
  return { lastLineOf, lastDocumentOf, counts, forms: end.forms, identity, end: end.end };
}

function checkPlace(line: BackupLine, number: number): void {
  if ('backup' in line !== (number === 1)) {
    throw new BackupProblem(`line ${number} is in a wrong place: the file is not one backup`);
  }
  if ('backup' in line && line.backup > backupFormat) {
    throw new BackupProblem('the backup is of a newer version of Usher: restore it with that one');
  }
}

function linked(
  head: ChainHead | undefined,
  { hash, ...entry }: ChainedEvent,
  number: number,
): ChainHead {
  const previous = head ?? (entry.sequence === 1 ? emptyChain : undefined);
  const follows = previous === undefined || entry.sequence === previous.sequence + 1;
  if (!follows || (previous !== undefined && linkHash(previous.hash, entry) !== hash)) {
    throw new BackupProblem(`line ${number} does not continue the audit log`);
  }
  return { ...emptyChain, sequence: entry.sequence, hash };
}

/**
 * A record can be newer than the log, when its change was under way as the backup ended. Only a log
 * that still has its start names every change.
 */
function checkRecord(id: string, { record, changes, lastChange }: Seen, isComplete: boolean): void {
  if (record === undefined) {
    throw new BackupProblem(`the record of access token ${id} is missing in the backup`);
  }
  const isOther = changes > 0 && record.eventId !== lastChange;
  const isNewer = record.revision > changes;
  if (isOther && !(isComplete && isNewer)) {
    throw new BackupProblem(
      `the record of access token ${id} in the backup is not that of its last change in the log`,
    );
  }
}

/** A document can be newer than the log, since not every change of one has an event; never older. */
function checkDocument(name: string, { revision, change }: SeenDocument): void {
  if (change === undefined || revision === undefined) return;
  if (change.revision === undefined || revision < change.revision) {
    throw new BackupProblem(
      `the document ${name} in the backup is older than its last change in the log`,
    );
  }
}

/** The name of a document in CheckedBackup.lastDocumentOf. */
export function nameOf({ collection, id }: Pick<NamedDocument, 'collection' | 'id'>): string {
  return `${collection}/${id}`;
}
