/**
 * Compares records and documents with the log. Where all are on one server, a log that goes on shows that
 * they are whole. In a Cluster, the server of a record can lose a change that the log has.
 */

import type { Awaitable } from '../awaitable.ts';
import type { StoredDocument } from '../documents.ts';
import type { AccessTokenRecord } from '../record.ts';
import { Unavailable } from '../store.ts';
import { type DocumentEntry, hasChange, nameOf } from './documents.ts';
import { acceptAction } from './lost.ts';
import type { Memory } from './memory.ts';
import type { WatchedStore } from './notes.ts';
import type { TailEntry } from './tail.ts';

/** Access tokens and documents that are compared with the log after each doubt. */
export const comparedTokensMax = 256;

/** Records that are read at a time. */
const atOnceMax = 64;

/**
 * The remembered changes that records have lost, oldest first. Looks at the `tokensMax` access
 * tokens that were changed last: a server that lost changes lost its newest ones. Known losses and
 * those before an acceptance are left out, and so are records on servers that do not answer.
 */
export async function lostChangesOf(
  store: Omit<WatchedStore['reads'], 'events'>,
  { tail, lost }: Memory,
  tokensMax: number,
): Promise<TailEntry[]> {
  const newest = new Map<string, TailEntry>();
  const documents = new Map<string, DocumentEntry>();
  for (const entry of tail.entries().toReversed()) {
    const size = newest.size + documents.size;
    if (entry.action === acceptAction || size >= tokensMax) break;
    const { document } = entry;
    if (document !== undefined && !documents.has(nameOf(document))) {
      if (!lost.knows(document)) documents.set(nameOf(document), { ...entry, document });
    }
    if (entry.revision === undefined || lost.has(entry.tokenId)) continue;
    if (!newest.has(entry.tokenId)) newest.set(entry.tokenId, entry);
  }
  const records = await readAll([...newest.keys()], id => store.get(id));
  const read = await readAll([...documents.keys()], name => {
    const { collection, id } = (documents.get(name) as DocumentEntry).document;
    return store.document(collection, id);
  });
  return tail.entries().filter(entry => {
    if (entry.document !== undefined) {
      const name = nameOf(entry.document);
      const isLast = documents.get(name)?.sequence === entry.sequence;
      return isLast && read.has(name) && !hasChange(read.get(name), entry.document);
    }
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

async function readAll<T extends AccessTokenRecord | StoredDocument>(
  ids: readonly string[],
  get: (id: string) => Awaitable<T | undefined>,
) {
  const records = new Map<string, T | undefined>();
  for (let i = 0; i < ids.length; i += atOnceMax) {
    const read = ids.slice(i, i + atOnceMax).map(async id => {
      try {
        records.set(id, await get(id));
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
      }
    });
    await Promise.all(read);
  }
  return records;
}
