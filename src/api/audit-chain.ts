/**
 * Checks the audit log's hash chain from its entries alone. It computes the hashes from what the
 * contract says of them and not with the server's code, so that a check is a second opinion.
 */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditEntry } from './audit-log.ts';

/** What a check found. */
export type ChainReport =
  | { whole: true; entries: number; hash: string }
  | { whole: false; entries: number; sequence: number; problem: string };

/** An entry known from an earlier check, which must still be there. */
export interface KnownEntry {
  sequence: number;
  hash: string;
}

const startHash = '0'.repeat(64);

/** Walks a whole log, oldest first, to its end or to the first entry that is wrong. */
export async function checkChain(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  known?: KnownEntry,
): Promise<ChainReport> {
  let count = 0;
  let last = startHash;
  for await (const entry of entries) {
    const problem = problemOf(entry, count + 1, last, known);
    if (problem !== undefined)
      return { whole: false, entries: count, sequence: count + 1, problem };
    count = entry.sequence;
    last = entry.hash;
  }
  if (known !== undefined && known.sequence > count) {
    const problem = `the log ends before entry ${known.sequence}, which it had before`;
    return { whole: false, entries: count, sequence: count + 1, problem };
  }
  return { whole: true, entries: count, hash: last };
}

function problemOf(
  entry: AuditEntry,
  sequence: number,
  previous: string,
  known: KnownEntry | undefined,
): string | undefined {
  if (entry.sequence !== sequence) return `entry ${entry.sequence} is in its place`;
  if (entry.hash !== linkHash(previous, entry)) return 'its hash does not fit its content';
  if (known?.sequence === sequence && known.hash !== entry.hash) {
    return 'it has another hash than before: the log was written anew';
  }
  return undefined;
}

function linkHash(previous: string, { hash: _, time, ...rest }: AuditEntry): string {
  return hash('sha256', previous + canonicalize({ ...rest, time: Date.parse(time) }));
}
