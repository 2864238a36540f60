/** Compares the documents of the store with the audit log, which names the last logged change of each. */

import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { ListDocumentsResponse } from '../gen/usher/v1/store_pb.ts';
import { auditEntries } from './audit-log.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';
import { type DocumentEntry, type LogNotes, noteChanges } from './log-notes.ts';
import { unusable } from './store.ts';

/** A document that the log does not confirm. */
interface WrongDocument {
  /** Its collection, a slash and its id. */
  document: string;
  /** What is wrong, for people. */
  problem: string;
}

/** The result of a comparison. */
export interface DocumentReport {
  /** Documents that the store has. */
  documents: number;
  /** Those of them whose entries were removed from the log as old ones. */
  unproven: number;
  wrong: WrongDocument[];
}

/** A document, or what is known of one that is not there: when it was looked for. */
interface Seen {
  /** Absent for none; 0 for a document that cannot be used. */
  revision?: number;
  /** By the server's clock, in milliseconds since 1970. */
  readAt: number;
}

/**
 * Compares all documents with the notes of a log that was just read. What changed since then is read
 * again, and noted. Throws AdminError.
 */
export async function checkDocuments(admin: Admin, notes: LogNotes): Promise<DocumentReport> {
  const suspects = new Set<string>();
  const report: DocumentReport = { documents: 0, unproven: 0, wrong: [] };
  const missing = new Set(notes.documents.keys());
  let readAt = 0;
  for await (const page of pages(admin)) {
    readAt = readAtOf(page);
    for (const { name, revision } of page.documents) {
      report.documents += 1;
      missing.delete(name);
      if (problemOf(name, { revision: Number(revision), readAt }, notes)) suspects.add(name);
      else if (!notes.documents.has(name)) report.unproven += 1;
    }
  }
  for (const name of missing) if (problemOf(name, { readAt }, notes)) suspects.add(name);
  for (const name of suspects) {
    const problem = await lastingProblem(admin, name, notes);
    if (problem !== undefined) report.wrong.push({ document: name, problem });
  }
  return report;
}

/** Attempts to find document and log in agreement, while changes go on. */
const attemptsMax = 5;

async function lastingProblem(
  admin: Admin,
  name: string,
  notes: LogNotes,
): Promise<string | undefined> {
  let problem: string | undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const page = await call(() => admin.store.listDocuments({ name }));
    const [document] = page.documents;
    const seen = {
      readAt: readAtOf(page),
      ...(document && { revision: Number(document.revision) }),
    };
    const fromSequence = BigInt(notes.last + 1);
    const since = { oldestFirst: true, limit: Number.MAX_SAFE_INTEGER, fromSequence };
    for await (const _ of noteChanges(auditEntries(admin, since), notes));
    problem = problemOf(name, seen, notes);
    if (problem === undefined) return undefined;
  }
  return problem;
}

/** How far the clocks of servers may be apart, in milliseconds. */
const skewMs = 60_000;

function problemOf(
  name: string,
  { revision, readAt }: Seen,
  { documents, first }: LogNotes,
): string | undefined {
  if (revision === 0) return unusable;
  const last = documents.get(name);
  if (last === undefined) {
    return revision === undefined || first > 1 ? undefined : 'no entry of the log has made it';
  }
  const entry = `entry ${last.sequence} (${last.action})`;
  if (revision === undefined) {
    const isOver = last.revision === undefined || hasEnded(last, readAt + skewMs);
    return isOver ? undefined : `it is missing; ${entry} changed it last`;
  }
  if (last.revision === undefined) return `it is there, and ${entry} removed it`;
  // Some changes, such as the time of a sign-in, are not in the log.
  return revision < last.revision ? `it is an older one; ${entry} changed it last` : undefined;
}

function hasEnded({ action, until }: DocumentEntry, now: number): boolean {
  // Versions before did not note when it ends.
  if (until === undefined) return /^(?:invitation|session|leak)\./.test(action);
  return until <= now;
}

async function* pages({ store }: Admin): AsyncGenerator<ListDocumentsResponse> {
  let pageToken = '';
  do {
    const page = await call(() => store.listDocuments({ pageToken }));
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

function readAtOf({ readTime }: ListDocumentsResponse): number {
  return readTime === undefined ? 0 : timestampMs(readTime);
}
