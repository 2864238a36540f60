/**
 * Compares records with the log. Where both are on one server, a log that goes on shows that the
 * records are whole. In a Cluster, the server of a record can lose a change that the log has.
 */

import type { AccessTokenRecord } from '../record.ts';
import { type TokenReader, Unavailable } from '../store.ts';
import type { Memory } from './memory.ts';
import type { TailEntry } from './tail.ts';

/** Access tokens whose records are compared with the log after each doubt. */
export const comparedTokensMax = 256;

/** Records that are read at a time. */
const atOnceMax = 64;

/**
 * The remembered changes that records have lost, oldest first. Looks at the `tokensMax` access
 * tokens that were changed last: a server that lost changes lost its newest ones. Known losses and
 * those before an acceptance are left out, and so are records on servers that do not answer.
 */
export async function lostChangesOf(
  store: TokenReader,
  { tail, lost }: Memory,
  tokensMax: number,
): Promise<TailEntry[]> {
  const newest = new Map<string, TailEntry>();
  for (const entry of tail.entries().toReversed()) {
    if (entry.action === 'store.accept' || newest.size >= tokensMax) break;
    if (entry.revision === undefined || lost.has(entry.tokenId)) continue;
    if (!newest.has(entry.tokenId)) newest.set(entry.tokenId, entry);
  }
  const records = await readAll(store, [...newest.keys()]);
  return tail.entries().filter(entry => {
    const last = newest.get(entry.tokenId);
    if (last === undefined || !records.has(entry.tokenId)) return false;
    const record = records.get(entry.tokenId);
    return !holds(record, last) && !holds(record, entry);
  });
}

/** Whether a record has a change, or a later one whose entry is not in the log yet. */
function holds(record: AccessTokenRecord | undefined, { eventId, revision }: TailEntry): boolean {
  if (record === undefined) return false;
  return record.eventId === eventId || record.revision > (revision ?? 0);
}

async function readAll(store: TokenReader, ids: readonly string[]) {
  const records = new Map<string, AccessTokenRecord | undefined>();
  for (let i = 0; i < ids.length; i += atOnceMax) {
    const read = ids.slice(i, i + atOnceMax).map(async id => {
      try {
        records.set(id, await store.get(id));
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
      }
    });
    await Promise.all(read);
  }
  return records;
}
