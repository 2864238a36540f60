/**
 * Checks the audit log's hash chain. It computes the hashes as documented in access_token.proto,
 * independently of the server's code.
 */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditEntry } from './audit-log.ts';

/**
 * The result of a check: how many entries there are, with number and hash of the last one, or the first
 * wrong entry and its problem.
 */
export type ChainReport =
  | { whole: true; entries: number; sequence: number; hash: string }
  | { whole: false; entries: number; sequence: number; problem: string };

/** An entry of an earlier check, which must still exist. */
export interface KnownEntry {
  /** Its number in the log, from 1. */
  sequence: number;
  /** Its hash in hexadecimal. */
  hash: string;
}

const startHash = '0'.repeat(64);

/**
 * Checks a whole log, oldest first, up to its end or the first wrong entry. A log whose old entries were
 * removed starts behind them; a later checkpoint entry must hold number and hash of the last removed one.
 */
export async function checkChain(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  known?: KnownEntry,
): Promise<ChainReport> {
  let count = 0;
  let first: AuditEntry | undefined;
  let last: KnownEntry = { sequence: 0, hash: startHash };
  let isStartProven = false;
  let isKnownFound = known === undefined;
  const broken = (sequence: number, problem: string): ChainReport => {
    return { whole: false, entries: count, sequence, problem };
  };
  for await (const entry of entries) {
    if (first === undefined && entry.sequence > 1) {
      first = entry;
    } else {
      const problem = problemOf(entry, last);
      if (problem !== undefined) return broken(last.sequence + 1, problem);
    }
    first ??= entry;
    count += 1;
    last = { sequence: entry.sequence, hash: entry.hash };
    const removed = removedBy(entry);
    if (removed !== undefined && removed.sequence === first.sequence - 1) {
      const isHash = first.hash === linkHash(removed.hash, first);
      if (!isHash) return broken(first.sequence, 'it does not follow the last removed entry');
      isStartProven = true;
    }
    for (const seen of [last, removed]) {
      if (known === undefined || seen?.sequence !== known.sequence) continue;
      if (seen.hash !== known.hash) return broken(seen.sequence, rewritten);
      isKnownFound = true;
    }
  }
  const start = first?.sequence ?? 1;
  if (start > 1 && !isStartProven) {
    return broken(start - 1, 'it is missing, and no checkpoint entry records its removal');
  }
  if (!isKnownFound && known !== undefined) {
    const { sequence } = known;
    return sequence > last.sequence
      ? broken(last.sequence + 1, `the log ends before entry ${sequence}, which existed before`)
      : broken(sequence, 'it was removed as an old one: give a later entry to --head');
  }
  return { whole: true, entries: count, ...last };
}

const rewritten = 'its hash differs from the earlier one: the log was rewritten';

function problemOf(entry: AuditEntry, last: KnownEntry): string | undefined {
  if (entry.sequence !== last.sequence + 1) return `entry ${entry.sequence} is there instead`;
  if (entry.hash !== linkHash(last.hash, entry)) return 'its hash does not match its content';
  return undefined;
}

/** The last removed entry that a checkpoint entry holds; undefined for any other entry. */
function removedBy({ action, after }: AuditEntry): KnownEntry | undefined {
  if (action !== 'audit.checkpoint') return undefined;
  const { sequence, hash } = after ?? {};
  const isWhole = typeof sequence === 'number' && typeof hash === 'string';
  return isWhole ? { sequence, hash } : undefined;
}

function linkHash(previous: string, { hash: _, time, ...rest }: AuditEntry): string {
  return hash('sha256', previous + canonicalize({ ...rest, time: Date.parse(time) }));
}
