/** The tables of the embedded store. */

import { type Database, open, type RootDatabase } from 'lmdb';
import type { LmdbLimits } from './limits.ts';

/** The tables. */
export interface Tables {
  root: RootDatabase<string, string>;
  /** UUID → record. */
  tokens: Database<string, string>;
  /** UUID → revision: a look at it tells whether a record in memory is current. */
  revisions: Database<string, string>;
  /** [owner, UUID]. */
  owners: Database<string, string[]>;
  /** Owner → how many: counting them would take as long as they are many. */
  ownerCounts: Database<string, string>;
  /** [expiry in ms, UUID]. */
  expiries: Database<string, [number, string]>;
  /** Digest of an imported token → UUID. */
  imported: Database<string, string>;
  /** Sequence → entry. */
  audit: Database<string, number>;
  /** [token UUID, sequence]. */
  auditByToken: Database<string, [string, number]>;
  /** Event UUID → sequence, as text. */
  auditIds: Database<string, string>;
  /** Request key → request. */
  requests: Database<string, string>;
  /** [when forgotten in ms, request key]. */
  requestEnds: Database<string, [number, string]>;
  /** Ended session → when it would have ended by itself, in ms. */
  sessions: Database<string, string>;
  /** [the same time, session]. */
  sessionEnds: Database<string, [number, string]>;
  /** UUID → usage. */
  usage: Database<string, string>;
}

/** Opens, and makes if need be, the tables in a folder. Throws when it cannot be used. */
export function openTables(folder: string, limits: LmdbLimits): Tables {
  const root = open<string, string>({
    path: folder,
    noSubdir: false,
    encoding: 'string',
    maxDbs: 16,
    maxReaders: limits.readersMax,
    // A commit is done when it is on the disk. With flushes apart, the library's promise of one was seen
    // to stay open for ever after a worker had been killed.
    overlappingSync: false,
    // Each change is a transaction of its own; a batch around them has a promise that nobody hears.
    eventTurnBatching: false,
    noMemInit: false,
    useWritemap: false,
    noSync: false,
    cache: false,
    compression: false,
  });
  const table = <K extends Parameters<typeof root.get>[0] | unknown[]>(name: string) =>
    root.openDB<string, never>({ name, encoding: 'string', cache: false }) as unknown as Database<
      string,
      K & string
    >;
  return {
    root,
    tokens: table('tokens'),
    revisions: table('revisions'),
    owners: table('owners') as never,
    ownerCounts: table('owner-counts'),
    expiries: table('expiries') as never,
    imported: table('foreign'),
    audit: table('audit') as never,
    auditByToken: table('audit-by-token') as never,
    auditIds: table('audit-ids'),
    requests: table('requests'),
    requestEnds: table('request-ends') as never,
    sessions: table('sessions'),
    sessionEnds: table('session-ends') as never,
    usage: table('usage'),
  };
}
