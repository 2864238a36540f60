/** The records of the embedded store. Each is in two tables, and named by a link, so that a damaged page shows. */

import type { SealedRecords } from '../format/sealed.ts';
import type { AccessTokenRecord } from '../record.ts';
import type { Links } from './links.ts';
import type { Tables } from './tables.ts';

/** A record as it was read. */
export interface Stored {
  record: AccessTokenRecord;
  /** The text of the table `revisions`, which no other state of the record has. */
  version: string;
}

/** Reads and writes records. */
export interface LmdbRecords {
  /** The record of a UUID, or undefined. Throws Unavailable when it is not as Usher wrote it. */
  get(id: string): Stored | undefined;
  /** Writes a record. Must run inside a write transaction. */
  put(record: AccessTokenRecord): void;
}

/** Creates it. `read` runs what reads the tables, and throws Unavailable when they cannot be read. */
export function lmdbRecords(
  tables: Tables,
  sealed: SealedRecords,
  links: Links,
  read: <T>(ask: () => T) => T,
): LmdbRecords {
  return {
    get(id) {
      const text = read(() => tables.tokens.get(id));
      // A damaged page can hide a record, or bring back an older one, whose MAC is good.
      if (text === undefined) {
        read(() => links.proveAbsent('tokens', [id], () => sealed.missing(id)));
        return undefined;
      }
      const version = read(() => tables.revisions.get(id));
      if (version === undefined) throw sealed.missing(id);
      const record = sealed.decode(id, text, false);
      if (versionOf(record) !== version) throw sealed.missing(id);
      return { record, version };
    },
    put(record) {
      links.add('tokens', [record.id]);
      tables.tokens.put(record.id, sealed.encode(record));
      tables.revisions.put(record.id, versionOf(record));
    },
  };
}

/** The text of the table `revisions` for a record. */
export function versionOf({ revision, eventId }: AccessTokenRecord): string {
  return `${revision} ${eventId}`;
}
