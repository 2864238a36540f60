/** Compares the records of the store with the audit log, which names the last change of each. */

import { changesRecord } from '../wording/actions.ts';
import type { AuditEntry } from './audit-log.ts';
import { auditEntries } from './audit-log.ts';
import type { Admin } from './connect.ts';
import type { LogNotes } from './log-notes.ts';
import type { RecordHead } from './store.ts';
import { recordOf, records, unusable } from './store.ts';

/** A record that the log does not confirm. */
interface WrongRecord {
  /** UUID of the access token. */
  id: string;
  /** What is wrong, for people. */
  problem: string;
}

/** The result of a comparison. */
export interface RecordReport {
  /** Records compared. */
  records: number;
  /** Those of them whose entries were removed from the log as old ones. */
  unproven: number;
  wrong: WrongRecord[];
}

/**
 * Compares all records with the notes of a log that was just read, whose records it uses up. What
 * changed since then is read again. Throws AdminError.
 */
export async function checkRecords(admin: Admin, notes: LogNotes): Promise<RecordReport> {
  const { records: changes, first } = notes;
  const suspects: string[] = [];
  const report: RecordReport = { records: 0, unproven: 0, wrong: [] };
  for await (const { id, eventId } of records(admin)) {
    report.records += 1;
    if (first > 1 && eventId !== '' && !changes.has(id)) report.unproven += 1;
    else if (changes.get(id) !== eventId) suspects.push(id);
    changes.delete(id);
  }
  for (const id of [...suspects, ...changes.keys()]) {
    const problem = await problemOf(admin, id);
    if (problem !== undefined) report.wrong.push({ id, problem });
  }
  return report;
}

/** Attempts to find record and log in agreement, while changes go on. */
const attemptsMax = 5;

async function problemOf(admin: Admin, id: string): Promise<string | undefined> {
  let problem: string | undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const record = await recordOf(admin, id);
    problem = await disagreement(admin, id, record);
    if (problem === undefined) return undefined;
  }
  return problem;
}

async function disagreement(
  admin: Admin,
  id: string,
  record: RecordHead | undefined,
): Promise<string | undefined> {
  if (record?.eventId === '') return unusable;
  const query = { tokenId: id, oldestFirst: false, limit: Number.MAX_SAFE_INTEGER };
  let last: AuditEntry | undefined;
  for await (const entry of auditEntries(admin, query)) {
    if (!changesRecord(entry)) continue;
    last ??= entry;
    if (record === undefined) {
      return `its record is missing; entry ${last.sequence} (${last.action}) changed it last`;
    }
    if (entry.id !== record.eventId) continue;
    if (entry === last) return undefined;
    return (
      `its record is an older one, of entry ${entry.sequence} (${entry.action}); entry ` +
      `${last.sequence} (${last.action}) changed it last`
    );
  }
  return record === undefined ? undefined : 'no entry of the log has made its record';
}
