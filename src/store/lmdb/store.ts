/** The embedded store: LMDB in a folder of this machine, shared by Usher's worker processes. */

import { macKeyId, sealedRecords } from '../format/sealed.ts';
import { healthSwitch } from '../health.ts';
import type { AccessTokenRecord } from '../record.ts';
import type { OnBrokenRecord, RecordSeal } from '../seal.ts';
import {
  type Change,
  type Committed,
  type Store,
  type StoredRequest,
  Unavailable,
} from '../store.ts';
import { append, head, putEntry, removeEvents } from './audit.ts';
import { faultText } from './faults.ts';
import { lmdbFeed } from './feed.ts';
import { readForms, reserve } from './imported.ts';
import type { LmdbLimits } from './limits.ts';
import { scanEvents, scanTokens, walk } from './list.ts';
import { lmdbReader } from './reader.ts';
import { type LmdbRecords, lmdbRecords } from './records.ts';
import { openSchema } from './schema.ts';
import { openTables, type Tables } from './tables.ts';
import { lmdbTransfer } from './transfer.ts';
import { addUsage, usageOf } from './usage.ts';

/** Options of openLmdb, as those of openStore. */
export interface LmdbStoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  onWarning?: (message: string) => void;
  onNotice?: (message: string) => void;
  onBroken?: OnBrokenRecord;
  seal: RecordSeal;
  limits: LmdbLimits;
}

/**
 * Opens the store in a folder, and creates it if needed. Throws StoreUnusable when the folder cannot
 * be used, and StoreMismatch when the store is not one for this version and these master keys.
 */
export function openLmdb(folder: string, options: LmdbStoreOptions): Store {
  const { now, seal, limits, onNotice = ignore, onBroken = ignore } = options;
  const tables = openTables(folder, limits);
  const sealed = sealedRecords(seal, onBroken);
  try {
    openSchema(tables, seal, sealed, onNotice);
  } catch (error) {
    void tables.root.close();
    throw error;
  }
  const health = healthSwitch(undefined);
  tables.root.readerCheck();
  const probe = setInterval(() => {
    if (!health.up && canRead(tables)) health.setFault(undefined);
    if (!canWrite) void tryToWrite().catch(() => undefined);
  }, limits.probeMs).unref();

  const read = <T>(ask: () => T): T => {
    try {
      return ask();
    } catch (cause) {
      // A damaged entry is no reason to call the whole store down.
      if (!(cause instanceof SyntaxError)) {
        health.setFault(`the embedded store cannot be read: ${faultText(cause)}`);
      }
      throw new Unavailable('the embedded store cannot be read', cause);
    }
  };
  const monotonicMs = () => performance.now();
  const stored = lmdbRecords(tables, sealed, read);
  const reader = lmdbReader(() => tables, stored, read, monotonicMs);
  let canWrite = true;
  const showWrites = (fault: string | undefined) => {
    canWrite = fault === undefined;
    health.degrade('changes', fault);
  };
  /**
   * Resolves once the transaction is on disk: an acknowledged change survives a power loss. A
   * failed transaction, for example on a full disk, leaves no trace, and reads go on.
   */
  const write = async <T>(action: () => T): Promise<T> => {
    try {
      const result = await tables.root.transaction(action);
      reader.written();
      return result;
    } catch (error) {
      // A record that cannot be read; nothing was written.
      if (error instanceof Unavailable) throw error;
      const cause = await causeOf(error);
      // The first fault stays: on a full disk, LMDB reports one error and another in turn.
      if (canWrite) showWrites(`the embedded store cannot be written: ${faultText(cause)}`);
      throw new Unavailable('the embedded store cannot be written', cause);
    }
  };
  /**
   * Ends the fault once a large value can be written: a small one may find room in pages that were
   * freed while the disk is as full as before.
   */
  const tryToWrite = async () => {
    await write(() => tables.root.put('probe', ' '.repeat(limits.probeBytes)));
    await write(() => tables.root.remove('probe'));
    showWrites(undefined);
  };

  const feed = lmdbFeed(
    {
      head() {
        // Reads of one turn of the event loop share a snapshot, taken at the first of them. After
        // an invalidation the next read must see the change.
        tables.root.resetReadTxn();
        reader.written();
        return read(() => head(tables));
      },
      eventsAfter: (after, limit) =>
        read(() => scanEvents(tables, { order: 'oldest', after, limit })),
    },
    limits,
    monotonicMs,
  );

  return {
    health,
    feed,
    get: id => stored.get(id)?.record,
    ...reader.records,
    scan: scan =>
      scanTokens(
        read(() => walk(tables, scan)),
        stored,
        scan,
      ),
    count: owner =>
      read(() =>
        owner === undefined
          ? (tables.tokens.getStats() as { entryCount: number }).entryCount
          : Number(tables.ownerCounts.get(owner) ?? 0),
      ),
    async commit(change) {
      const committed = await write(() => commit(tables, stored, change, now(), limits));
      feed.look();
      return committed;
    },
    findRequest: key =>
      read(() => {
        const text = tables.requests.get(key);
        const request = text === undefined ? undefined : (JSON.parse(text) as StoredRequest);
        return request !== undefined && request.keepUntil > now() ? request : undefined;
      }),
    // A commit of another process can be read a moment before it is on the disk; it holds the one lock
    // for writing until then.
    settle: () => write(() => undefined),
    signRecords: ids =>
      write(() => {
        const old = ids.filter(id => macKeyId(tables.tokens.get(id) ?? '') !== seal.currentId);
        const found = old.map(id => stored.get(id)?.record).filter(record => record !== undefined);
        for (const record of found) stored.put(record);
        return found.length;
      }),
    // It was migrated when it was opened.
    endMigration: async () => undefined,
    ...lmdbTransfer(tables, {
      read,
      write,
      putRecord(record) {
        stored.put(record);
        index(tables, undefined, record);
      },
      putEntry: entry => putEntry(tables, entry),
    }),
    importedForms: () => read(() => readForms(tables)),
    findImported: digest => read(() => tables.imported.get(digest)),
    reserveImported: (forms, entries) => write(() => reserve(tables, forms, entries)),
    append: event =>
      write(() => {
        if (tables.auditIds.get(event.id) === undefined) append(tables, event);
      }),
    events: scan => read(() => scanEvents(tables, scan)),
    head: () => read(() => head(tables)),
    removeEvents: (upTo, limit) => write(() => removeEvents(tables, upTo, limit)),
    addUsage: deltas => write(() => addUsage(tables, deltas)),
    usage: ids => read(() => ids.map(id => usageOf(tables, id))),
    endSession: (id, until) => write(() => endSession(tables, id, until, now(), limits)),
    isSessionEnded: id => read(() => tables.sessions.get(id) !== undefined),
    async close() {
      clearInterval(probe);
      await feed.close();
      // A failure is reported to the caller of that write.
      await Promise.allSettled([tables.root.committed]);
      await tables.root.close();
    },
  };
}

const ignore = () => undefined;

function canRead({ root }: Tables): boolean {
  try {
    root.get('audit-head');
    return true;
  } catch {
    return false;
  }
}

/** The cause of a failed commit, which LMDB puts in a promise of its own. */
async function causeOf(error: unknown): Promise<Error> {
  const { commitError } = error as { commitError?: Promise<never> };
  const cause = await Promise.race([commitError, undefined]).catch(reason => reason);
  return cause instanceof Error ? cause : (error as Error);
}

/**
 * Runs inside a write transaction. Checks come before the first put: a throw does not roll back.
 */
function commit(
  tables: Tables,
  stored: LmdbRecords,
  change: Change,
  now: number,
  limits: LmdbLimits,
): Committed {
  const { before, record, event, request } = change;
  if (request !== undefined) {
    const text = tables.requests.get(request.key);
    const prior = text === undefined ? undefined : (JSON.parse(text) as StoredRequest);
    if (prior !== undefined && prior.keepUntil > now)
      return { outcome: 'repeated', request: prior };
  }
  if (tables.auditIds.get(event.id) !== undefined) return { outcome: 'done' };
  const current = stored.get(record.id)?.record;
  if (current?.revision !== before?.revision || current?.revokedAt !== undefined) {
    return { outcome: 'conflict' };
  }
  stored.put(record);
  index(tables, current, record);
  append(tables, event);
  if (request !== undefined) {
    tables.requests.put(request.key, JSON.stringify(request));
    tables.requestEnds.put([request.keepUntil, request.key], '');
    prune(tables.requests, tables.requestEnds, now, limits.prunedMax);
  }
  return { outcome: 'done' };
}

function index(tables: Tables, before: AccessTokenRecord | undefined, after: AccessTokenRecord) {
  if (before?.owner !== after.owner) {
    if (before?.owner !== undefined) {
      tables.owners.remove([before.owner, before.id]);
      addToOwner(tables, before.owner, -1);
    }
    if (after.owner !== undefined) {
      tables.owners.put([after.owner, after.id], '');
      addToOwner(tables, after.owner, 1);
    }
  }
  if (before?.expiresAt !== after.expiresAt) {
    if (before?.expiresAt !== undefined) tables.expiries.remove([before.expiresAt, before.id]);
    if (after.expiresAt !== undefined) tables.expiries.put([after.expiresAt, after.id], '');
  }
}

function addToOwner(tables: Tables, owner: string, more: number) {
  const count = Number(tables.ownerCounts.get(owner) ?? 0) + more;
  if (count > 0) tables.ownerCounts.put(owner, String(count));
  else tables.ownerCounts.remove(owner);
}

function endSession(
  tables: Tables,
  id: string,
  until: number,
  now: number,
  { prunedMax }: LmdbLimits,
): void {
  tables.sessions.put(id, String(until));
  tables.sessionEnds.put([until, id], '');
  prune(tables.sessions, tables.sessionEnds, now, prunedMax);
}

/** Removes expired entries, oldest first, at most `most`. */
function prune(
  entries: Tables['requests'],
  ends: Tables['requestEnds'],
  now: number,
  most: number,
): void {
  for (const end of [...ends.getKeys({ end: [now, ''], limit: most })]) {
    ends.remove(end);
    entries.remove(end[1]);
  }
}
