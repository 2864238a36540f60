/** The embedded store: LMDB in a folder of this machine, shared by Usher's worker processes. */

import { type AuditEvent, type ChainHead, chain, emptyChain } from '../audit.ts';
import { type Report, reportAsWarning } from '../continuity/problems.ts';
import type { StateFile } from '../continuity/state-file.ts';
import { encodeRecord } from '../format/record.ts';
import { healthSwitch } from '../health.ts';
import type { AccessTokenRecord } from '../record.ts';
import {
  type AuditScan,
  type Change,
  type Committed,
  type Store,
  type StoredRequest,
  Unavailable,
} from '../store.ts';
import { lmdbFeed } from './feed.ts';
import { lmdbGuard } from './guard.ts';
import { readForms, reserve } from './imported.ts';
import { decode, scanEvents, scanTokens, walk } from './list.ts';
import { lmdbNotes } from './notes.ts';
import { lmdbReader } from './reader.ts';
import { defaultLmdbLimits, type LmdbLimits, openTables, type Tables } from './tables.ts';
import { addUsage, usageOf } from './usage.ts';

/**
 * Opens the store in a folder, and creates it if needed. `now` is in milliseconds since 1970.
 * Throws Error when the folder cannot be used.
 */
export function openLmdb(
  folder: string,
  now: () => number,
  limits: LmdbLimits = defaultLmdbLimits,
  onWarning: (message: string) => void = () => undefined,
  stateFile?: StateFile,
  report: Report = reportAsWarning(onWarning),
): Store {
  const tables = openTables(folder, limits);
  const health = healthSwitch(true);
  let isSure = true;
  tables.root.readerCheck();
  const probe = setInterval(() => {
    if (!health.up && isSure && canRead(tables)) health.set(true);
  }, limits.probeMs).unref();

  const read = <T>(ask: () => T): T => {
    try {
      return ask();
    } catch (cause) {
      health.set(false);
      throw new Unavailable('the embedded store cannot be read', cause);
    }
  };
  const monotonicMs = () => performance.now();
  const reader = lmdbReader(
    () => tables,
    read,
    monotonicMs,
    () => guard.check(),
  );
  let canWrite = true;
  /**
   * Resolves once the transaction is on disk: an acknowledged change survives a power loss. A
   * failed transaction, for example on a full disk, leaves no trace, and reads go on.
   */
  const write = async <T>(action: () => T): Promise<T> => {
    try {
      const result = await tables.root.transaction(action);
      reader.written();
      canWrite = true;
      return result;
    } catch (error) {
      const cause = await causeOf(error);
      if (canWrite) onWarning(`the embedded store cannot be written: ${cause.message}`);
      canWrite = false;
      throw new Unavailable('the embedded store cannot be written', cause);
    }
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

  const get = (id: string) =>
    decode(
      id,
      read(() => tables.tokens.get(id)),
    );
  const events = (scan: AuditScan) => read(() => scanEvents(tables, scan));
  const appendOnce = (event: AuditEvent) =>
    write(() => {
      if (tables.auditIds.get(event.id) === undefined) append(tables, event);
    });
  const commitNow = async (change: Change) => {
    const committed = await write(() => commit(tables, change, now(), limits));
    feed.look();
    return committed;
  };
  const guard = lmdbGuard(
    {
      reads: { events, get },
      changes: { events, get, append: appendOnce, commit: commitNow },
      notes: lmdbNotes(tables, read, write),
    },
    {
      limits: {
        ...limits,
        bytesMax: limits.tailBytesMax,
        ageMsMax: limits.tailMsMax,
        claimWaitMs: 0,
      },
      now,
      monotonicMs,
      stateFile,
      report,
    },
    sure => {
      isSure = sure;
      health.set(sure && canRead(tables));
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
        read(() => walk(tables, scan)),
        tables,
        scan,
      ),
    count: owner =>
      read(() =>
        owner === undefined
          ? (tables.tokens.getStats() as { entryCount: number }).entryCount
          : Number(tables.ownerCounts.get(owner) ?? 0),
      ),
    async commit(change) {
      guard.check();
      return await commitNow(change);
    },
    findRequest: key =>
      read(() => {
        const text = tables.requests.get(key);
        const request = text === undefined ? undefined : (JSON.parse(text) as StoredRequest);
        return request !== undefined && request.keepUntil > now() ? request : undefined;
      }),
    importedForms: () => read(() => readForms(tables)),
    findImported: digest => read(() => tables.imported.get(digest)),
    reserveImported: (forms, entries) => write(() => reserve(tables, forms, entries)),
    async append(event) {
      guard.check();
      await appendOnce(event);
    },
    events,
    storeStatus: guard.storeStatus,
    acceptStore: guard.acceptStore,
    head: () => read(() => head(tables)),
    addUsage: deltas => write(() => addUsage(tables, deltas)),
    usage: ids => read(() => ids.map(id => usageOf(tables, id))),
    endSession: (id, until) => write(() => endSession(tables, id, until, now(), limits)),
    isSessionEnded: id => read(() => tables.sessions.get(id) !== undefined),
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
function commit(tables: Tables, change: Change, now: number, limits: LmdbLimits): Committed {
  const { before, record, event, request } = change;
  if (request !== undefined) {
    const text = tables.requests.get(request.key);
    const prior = text === undefined ? undefined : (JSON.parse(text) as StoredRequest);
    if (prior !== undefined && prior.keepUntil > now)
      return { outcome: 'repeated', request: prior };
  }
  if (tables.auditIds.get(event.id) !== undefined) return { outcome: 'done' };
  const current = decode(record.id, tables.tokens.get(record.id));
  if (current?.revision !== before?.revision || current?.revokedAt !== undefined) {
    return { outcome: 'conflict' };
  }
  tables.tokens.put(record.id, encodeRecord(record));
  tables.revisions.put(record.id, String(record.revision));
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

function head(tables: Tables): ChainHead {
  const text = tables.root.get('audit-head');
  return text === undefined ? emptyChain : (JSON.parse(text) as ChainHead);
}

function append(tables: Tables, event: AuditEvent) {
  const entry = chain(head(tables), event);
  tables.audit.put(entry.sequence, JSON.stringify(entry));
  tables.auditIds.put(entry.id, String(entry.sequence));
  if (entry.tokenId !== '') tables.auditByToken.put([entry.tokenId, entry.sequence], '');
  tables.root.put('audit-sequence', String(entry.sequence));
  tables.root.put(
    'audit-head',
    JSON.stringify({ sequence: entry.sequence, hash: entry.hash } satisfies ChainHead),
  );
}
