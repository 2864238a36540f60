/** The embedded store: LMDB in a folder of this machine, shared by Usher's worker processes. */

import { randomUUID } from 'node:crypto';
import type { AuditEvent } from '../audit.ts';
import type { StateFile } from '../continuity/state-file.ts';
import { tailLimits } from '../continuity/tail.ts';
import { macKeyId, sealedRecords } from '../format/sealed.ts';
import { healthSwitch } from '../health.ts';
import type { OnBrokenRecord, RecordSeal } from '../seal.ts';
import { type AuditScan, type Change, type Store, Unavailable } from '../store.ts';
import { lmdbLog } from './audit.ts';
import { commit, index } from './commit.ts';
import { lmdbDocuments, putDocument } from './documents.ts';
import { faultText } from './faults.ts';
import { lmdbFeed } from './feed.ts';
import { canRead, causeOf, givenUpText, isGivenUp } from './given-up.ts';
import { lmdbGuard } from './guard.ts';
import { lmdbImported } from './imported.ts';
import { createKept } from './kept.ts';
import { lmdbKeyLedger } from './key-ledger.ts';
import { lmdbLimitCounts } from './limit-counts.ts';
import type { LmdbLimits } from './limits.ts';
import { createLinks } from './links.ts';
import { scanEvents, scanTokens, walk } from './list.ts';
import { lmdbLosses } from './losses.ts';
import { lmdbNotes } from './notes.ts';
import { lmdbReader } from './reader.ts';
import { lmdbRecords } from './records.ts';
import { openSchema } from './schema.ts';
import { openTables } from './tables.ts';
import { lmdbTransfer } from './transfer.ts';
import { addUsage, usageOf } from './usage.ts';

/** Options of openLmdb, as those of openStore. */
export interface LmdbStoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  onWarning?: (message: string) => void;
  onNotice?: (message: string) => void;
  onBroken?: OnBrokenRecord;
  onDead?: (problem: string) => void;
  stateFile?: StateFile | undefined;
  seal: RecordSeal;
  limits: LmdbLimits;
}

/**
 * Opens the store in a folder, and creates it if needed. Throws StoreUnusable when the folder cannot
 * be used, and StoreMismatch when the store is not one for this version and these master keys.
 */
export function openLmdb(folder: string, options: LmdbStoreOptions): Store {
  const { now, seal, limits, stateFile, onNotice = ignore } = options;
  const { onBroken = ignore, onDead = ignore, onWarning = ignore } = options;
  const tables = openTables(folder, limits);
  const sealed = sealedRecords(seal, onBroken);
  const links = createLinks(tables, sealed);
  const log = lmdbLog(tables, sealed, links);
  const kept = createKept(tables, sealed, links, limits.prunedMax);
  try {
    openSchema(tables, seal, sealed, links, onNotice);
  } catch (error) {
    void tables.root.close();
    throw error;
  }
  if (tables.isDataGone) onWarning(dataGoneText);
  const health = healthSwitch(undefined);
  const losses = lmdbLosses(tables, health);
  losses.look();
  /** Why nothing that is read may be used. */
  let problem: string | undefined;
  tables.root.readerCheck();
  const probe = setInterval(() => {
    if (!health.up && canRead(tables)) health.setFault(problem);
    if (health.up) losses.look();
    if (!canWrite) void tryToWrite().catch(() => undefined);
  }, limits.probeMs).unref();

  const read = <T>(ask: () => T): T => {
    try {
      return ask();
    } catch (cause) {
      if (cause instanceof Unavailable) throw cause;
      if (isGivenUp(cause, tables)) onDead(givenUpText);
      // A damaged entry is no reason to call the whole store down.
      if (!(cause instanceof SyntaxError)) {
        health.setFault(`the embedded store cannot be read: ${faultText(cause)}`);
      }
      throw new Unavailable('the embedded store cannot be read', cause);
    }
  };
  const monotonicMs = () => performance.now();
  const stored = lmdbRecords(tables, sealed, links, read);
  const reader = lmdbReader(
    () => tables,
    stored,
    read,
    monotonicMs,
    () => guard.check(),
    losses.has,
  );
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
      if (isGivenUp(error, tables)) onDead(givenUpText);
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

  /** As read and write, for callers: nothing is used while the store may not be what it was. */
  const known = {
    read<T>(ask: () => T): T {
      guard.check();
      return read(ask);
    },
    async write<T>(action: () => T): Promise<T> {
      guard.check();
      return await write(action);
    },
  };
  const imported = lmdbImported(tables, sealed, links, () => seal.currentId, known);
  const feed = lmdbFeed(
    {
      head() {
        // Reads of one turn of the event loop share a snapshot, taken at the first of them. After
        // an invalidation the next read must see the change.
        tables.root.resetReadTxn();
        reader.written();
        return read(log.head);
      },
      eventsAfter: (after, limit) => events({ order: 'oldest', after, limit }),
    },
    limits,
    monotonicMs,
  );

  const get = (id: string) => stored.get(id)?.record;
  const events = (scan: AuditScan) => read(() => scanEvents(tables, links, scan));
  const appendOnce = (event: AuditEvent) =>
    write(() => {
      if (tables.auditIds.get(event.id) === undefined) log.append(event);
    });
  const appendKnown = async (event: AuditEvent) => {
    guard.check();
    await appendOnce(event);
  };
  const parts = { stored, log, kept, links };
  const commitNow = async (change: Change) => {
    const committed = await write(() => commit(tables, parts, change, now()));
    feed.look();
    return committed;
  };
  const showProblem = (detail: string | undefined) => {
    problem = detail;
    if (canRead(tables)) health.setFault(problem);
  };
  const { prunedMax } = limits;
  const isLost = losses.hasDocument;
  const documentParts = { tables, sealed, links, log, now, isLost, prunedMax };
  const { document, changeDocument } = lmdbDocuments(documentParts, () => seal.currentId, {
    read,
    write,
  });
  const endSession = (id: string, until: number) => write(() => kept.endSession(id, until, now()));
  const writes = {
    ...{ append: appendOnce, note: appendOnce, commit: commitNow },
    ...{ changeDocument, endSession },
  };
  const guard = lmdbGuard(
    {
      reads: { events, get, document },
      changes: { events, get, document, ...writes },
      notes: lmdbNotes(tables, read, write),
    },
    {
      limits: { ...limits, ...tailLimits(limits), claimWaitMs: 0 },
      now,
      monotonicMs,
      stateFile,
      // What is lost is shown from the folder itself.
      report: (what, detail) => what === 'store' && showProblem(detail),
    },
  );

  return {
    health,
    feed,
    get(id) {
      guard.check();
      return get(id);
    },
    ...reader.records,
    scan: scan =>
      scanTokens(
        known.read(() => walk(tables, links, scan)),
        stored,
        scan,
      ),
    count: owner =>
      known.read(() =>
        owner === undefined
          ? (tables.tokens.getStats() as { entryCount: number }).entryCount
          : Number(tables.ownerCounts.get(owner) ?? 0),
      ),
    async commit(change) {
      guard.check();
      return await commitNow(change);
    },
    findRequest: key => known.read(() => kept.request(key, now())),
    // A commit of another process can be read a moment before it is on the disk; it holds the one lock
    // for writing until then.
    settle: () => known.write(() => undefined),
    signRecords: ids =>
      known.write(() => {
        const old = ids.filter(id => macKeyId(tables.tokens.get(id) ?? '') !== seal.currentId);
        const found = old.map(id => stored.get(id)?.record).filter(record => record !== undefined);
        for (const record of found) stored.put(record);
        return found.length;
      }),
    ...lmdbKeyLedger(tables, seal, known),
    dropForms: imported.dropForms,
    entryKeys: imported.entryKeys,
    // It was migrated when it was opened.
    endMigration: async () => undefined,
    ...lmdbTransfer(tables, {
      read,
      write,
      entriesAfter: imported.entriesAfter,
      putRecord(record) {
        stored.put(record);
        index(tables, links, undefined, record);
      },
      putDocument: document => putDocument({ tables, sealed, links }, document, randomUUID()),
      head: log.head,
      putEntry: log.putEntry,
    }),
    importedForms: imported.importedForms,
    findImported: imported.findImported,
    reserveImported: imported.reserveImported,
    settleImported: imported.settleImported,
    signImported: imported.signImported,
    append: appendKnown,
    note: appendKnown,
    events,
    storeStatus: guard.storeStatus,
    acceptStore: guard.acceptStore,
    head: () => read(log.head),
    removeEvents: (upTo, limit) => known.write(() => log.removeEvents(upTo, limit)),
    async addUsage(deltas) {
      guard.check();
      return await addUsage(tables, deltas, limits.usageBatch, known.write);
    },
    usage: ids => read(() => ids.map(id => usageOf(tables, id))),
    ...lmdbLimitCounts(tables, limits, known, now),
    ...lmdbDocuments(documentParts, () => seal.currentId, known),
    endSession: (id, until) => known.write(() => kept.endSession(id, until, now())),
    isSessionEnded: id => known.read(() => kept.isSessionEnded(id)),
    async close() {
      clearInterval(probe);
      await guard.stop();
      await feed.close();
      // A failure is reported to the caller of that write.
      await Promise.allSettled([tables.root.committed]);
      await tables.root.close();
    },
  };
}

const ignore = () => undefined;

const dataGoneText =
  'the data folder was used before, and its data.mdb is gone or empty: this start takes it for a new ' +
  'store, and every token is unknown; if that is wrong, stop Usher and restore a backup';
