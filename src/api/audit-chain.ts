/**
 * Checks the audit log's hash chain. It computes the hashes as documented in access_token.proto,
 * independently of the server's code.
 */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditEntry } from './audit-log.ts';

/**
 * The result of a check: the number of valid entries, with the hash of the last one or the first
 * wrong entry and its problem.
 */
export type ChainReport =
  | { whole: true; entries: number; hash: string }
  | { whole: false; entries: number; sequence: number; problem: string };

/** An entry of an earlier check, which must still exist. */
export interface KnownEntry {
  /** Its number in the log, from 1. */
  sequence: number;
  /** Its hash in hexadecimal. */
  hash: string;
}

const startHash = '0'.repeat(64);

/** Checks a whole log, oldest first, up to its end or the first wrong entry. */
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
    const problem = `the log ends before entry ${known.sequence}, which existed before`;
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
  if (entry.sequence !== sequence) return `entry ${entry.sequence} is there instead`;
  if (entry.hash !== linkHash(previous, entry)) return 'its hash does not match its content';
  if (known?.sequence === sequence && known.hash !== entry.hash) {
    return 'its hash differs from the earlier one: the log was rewritten';
  }
  return undefined;
}

function linkHash(previous: string, { hash: _, time, ...rest }: AuditEntry): string {
  return hash('sha256', previous + canonicalize({ ...rest, time: Date.parse(time) }));
}
