/** The tables of the embedded store and its limits. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreUnusable } from '../store.ts';
import { checkDataFile } from './data-file.ts';
import type { LmdbLimits } from './limits.ts';
import { lockFile, makeLockFile } from './lock-file.ts';
import { privately } from './private-files.ts';

/** The tables. Values are text; times are milliseconds since 1970. */
export interface Tables {
  /** Single values: the end of the audit log, the forms of imported tokens, a probe of writing, notes. */
  root: RootDatabase<string, string>;
  /** UUID → record. */
  tokens: Database<string, string>;
  /** UUID → revision, to check whether a cached record is current without decoding it. */
  revisions: Database<string, string>;
  /** [owner, UUID]. */
  owners: Database<string, string[]>;
  /** Owner → number of access tokens, since counting the entries takes time linear in it. */
  ownerCounts: Database<string, string>;
  /** [expiry in ms, UUID]. */
  expiries: Database<string, [number, string]>;
  /** Digest of an imported token → UUID, with a MAC. */
  imported: Database<string, string>;
  /** Sequence → entry. */
  audit: Database<string, number>;
  /** [token UUID, sequence]. */
  auditByToken: Database<string, [string, number]>;
  /** Event UUID → sequence, as text. */
  auditIds: Database<string, string>;
  /** Request key → request. */
  requests: Database<string, string>;
  /** [time from which it is forgotten in ms, request key]. */
  requestEnds: Database<string, [number, string]>;
  /** Ended session → when it would have expired, in ms. */
  sessions: Database<string, string>;
  /** [the same time, session]. */
  sessionEnds: Database<string, [number, string]>;
  /** UUID → usage. */
  usage: Database<string, string>;
  /** [token UUID, counter] → counts by slot, and until when they are kept. */
  limits: Database<string, [string, string]>;
  /** [collection, id] → document. */
  documents: Database<string, [string, string]>;
  /** [collection, id] → revision and id of the last change, so that an older state of it shows. */
  documentVersions: Database<string, [string, string]>;
  /** [time from which it is forgotten in ms, collection, id]. */
  documentEnds: Database<string, [number, string, string]>;
  /** [table, key] → the table's next key, with a MAC: see links.ts. */
  links: Database<string, (string | number)[]>;
  /** How many transactions the file had when it was opened; 0 for a new one. */
  transactions: number;
  /** Whether a store was here before, of which nothing is left. */
  isDataGone: boolean;
}

/**
 * Opens the tables in a folder, and creates them if needed. Throws Error when it cannot be used.
 */
export function openTables(folder: string, limits: LmdbLimits): Tables {
  const transactions = checkDataFile(folder);
  // LMDB makes its lock file with the data file.
  const isDataGone = transactions === 0 && existsSync(join(folder, lockFile));
  try {
    return privately(folder, () => {
      makeLockFile(folder, limits.readersMax);
      return { ...openAll(folder, limits), transactions, isDataGone };
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new StoreUnusable(
      `cannot open the store in ${folder} (${detail}); it must be a folder that this user owns, on a ` +
        'file system that can be written to and has room',
      error,
    );
  }
}

function openAll(folder: string, limits: LmdbLimits): Omit<Tables, 'transactions' | 'isDataGone'> {
  const root = open<string, string>({
    path: folder,
    noSubdir: false,
    encoding: 'string',
    maxDbs: 24,
    maxReaders: limits.readersMax,
    // A commit resolves when it is on disk. With separate flushes, the library's promise of a flush
    // sometimes never settled after a worker had been killed.
    overlappingSync: false,
    // Each change is its own transaction; batching wraps them in one whose promise nothing handles.
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
    limits: table('limits') as never,
    documents: table('documents') as never,
    documentVersions: table('document-versions') as never,
    documentEnds: table('document-ends') as never,
    links: table('links') as never,
  };
}

/** Compares keys as LMDB orders them: part by part, texts by their UTF-8. Below 0 when `a` is first. */
export function compareKeys(a: readonly (string | number)[], b: readonly (string | number)[]) {
  for (const [n, part] of a.entries()) {
    const other = b[n];
    if (other === undefined) return 1;
    if (part === other) continue;
    if (typeof part === 'number' && typeof other === 'number') return part - other;
    return Buffer.compare(Buffer.from(String(part)), Buffer.from(String(other)));
  }
  return a.length - b.length;
}
