/** Compares the log with what a replica remembers of it. */

import { type ChainedEvent, linkHash } from '../audit.ts';
import type { LogPoint } from '../status.ts';
import type { AuditLog } from '../store.ts';
import type { Tail, TailEntry } from './tail.ts';

/** Entries that one command reads. */
const pageEntries = 1000;

/**
 * Reads the log on from a position. Undefined when the position is not in the log: the store lost
 * that entry, or is another one. Throws Unavailable.
 */
export async function readOn(
  log: Pick<AuditLog, 'events'>,
  from: LogPoint,
): Promise<ChainedEvent[] | undefined> {
  const found: ChainedEvent[] = [];
  for (let at = from; ; ) {
    const behind = Math.max(0, at.sequence - 1);
    const page = await log.events({ order: 'oldest', after: behind, limit: pageEntries });
    if (at.sequence > 0 && !shows(page[0], at)) return undefined;
    found.push(...page.filter(({ sequence }) => sequence > at.sequence));
    const last = page.at(-1);
    if (last === undefined || page.length < pageEntries) return found;
    at = { sequence: last.sequence, hash: last.hash };
  }
}

/**
 * Whether the first entry from a position on shows that the position is in the log: it is that entry, or
 * the next one, which holds its hash where that entry was removed for its age.
 */
function shows(first: ChainedEvent | undefined, { sequence, hash: known }: LogPoint): boolean {
  if (first?.sequence === sequence) return first.hash === known;
  if (first?.sequence !== sequence + 1) return false;
  const { hash, ...entry } = first;
  return linkHash(known, entry) === hash;
}

/**
 * The newest remembered entry that the log still holds, or the start of a log that is remembered
 * from its start; undefined when there is none. Where an entry is in the log, all before it are:
 * the hashes are chained. Throws Unavailable.
 */
export async function findFork(
  log: Pick<AuditLog, 'events'>,
  tail: Tail,
): Promise<LogPoint | undefined> {
  const [oldest] = await log.events({ order: 'oldest', limit: 1 });
  // Those before were removed for their age: that they are not in the log says nothing.
  const first = (oldest?.sequence ?? 1) - 1;
  const entries = tail.entries().filter(({ sequence }) => sequence >= first);
  let held: LogPoint | undefined = tail.entries()[0]?.sequence === 1 ? logStart : undefined;
  let low = 0;
  let high = entries.length - 1;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const entry = entries[middle] as TailEntry;
    const after = entry.sequence - 1;
    const [found] = await log.events({ order: 'oldest', after, limit: 1 });
    if (shows(found, entry)) {
      held = { sequence: entry.sequence, hash: entry.hash };
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return held;
}

/**
 * The entries before a sequence number, oldest first, back to a time in milliseconds since 1970,
 * and about `entriesMax` of them. Throws Unavailable.
 */
export async function readBack(
  log: Pick<AuditLog, 'events'>,
  before: number,
  oldest: number,
  entriesMax: number,
): Promise<ChainedEvent[]> {
  const found: ChainedEvent[] = [];
  for (let after = before; after > 1 && found.length < entriesMax; ) {
    const page = await log.events({ order: 'newest', after, limit: pageEntries });
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined || last.time < oldest || page.length < pageEntries) break;
    after = last.sequence;
  }
  return found.reverse();
}

/** The last entry of the log, or its start. Throws Unavailable. */
export async function endOf(log: Pick<AuditLog, 'events'>): Promise<LogPoint> {
  const [last] = await log.events({ order: 'newest', limit: 1 });
  return last === undefined ? logStart : { sequence: last.sequence, hash: last.hash };
}

/** The position before the first entry. */
export const logStart: LogPoint = { sequence: 0, hash: '0'.repeat(64) };
