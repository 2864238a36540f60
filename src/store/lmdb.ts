/** The embedded store: LMDB in a folder of this machine, shared by its worker processes. */

import { type Database, open, type RootDatabase } from 'lmdb';
import { type AuditEvent, type ChainedEvent, type ChainHead, chain, emptyChain } from './audit.ts';
import { expiryMember, readExpiryMember } from './cursor.ts';
import { healthSwitch } from './health.ts';
import { type AccessTokenRecord, decodeRecord, encodeRecord } from './record.ts';
import {
  type AuditScan,
  type Change,
  type Committed,
  type Scan,
  type ScanPage,
  type Store,
  type StoredRequest,
  Unavailable,
  type Usage,
  type UsageDelta,
} from './store.ts';
import { addUsageDays } from './usage-days.ts';

/** Bounds of the embedded store. */
export interface LmdbLimits {
  /** Reading processes and threads at once. */
  readersMax: number;
  /** Forgotten request ids dropped per change. */
  requestsPrunedMax: number;
  /** How often a store that failed is tried again, in milliseconds. */
  probeMs: number;
}

/** What a deployment gets that sets nothing. */
export const defaultLmdbLimits: LmdbLimits = {
  readersMax: 512,
  requestsPrunedMax: 8,
  probeMs: 1000,
};

interface Tables {
  root: RootDatabase<string, string>;
  /** UUID → record. */
  tokens: Database<string, string>;
  /** UUID → revision: a look at it tells whether a record in memory is current. */
  revisions: Database<string, string>;
  /** [owner, UUID]. */
  owners: Database<string, string[]>;
  /** [expiry in ms, UUID]. */
  expiries: Database<string, [number, string]>;
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
  /** UUID → usage. */
  usage: Database<string, string>;
}

/** Opens, and makes if need be, the store in a folder. Throws when the folder cannot be used. */
export function openLmdb(
  folder: string,
  now: () => number,
  limits: LmdbLimits = defaultLmdbLimits,
): Store {
  let tables = openTables(folder, limits);
  const health = healthSwitch(true);
  tables.root.readerCheck();

  /** A write that failed, on a full disk for instance, may leave the environment unusable. */
  const reopen = async () => {
    await tables.root.close().catch(() => undefined);
    tables = openTables(folder, limits);
    tables.root.getStats();
    health.set(true);
  };
  const probe = setInterval(() => {
    if (!health.up) reopen().catch(() => undefined);
  }, limits.probeMs).unref();

  const read = <T>(ask: () => T): T => {
    try {
      return ask();
    } catch (cause) {
      health.set(false);
      throw new Unavailable('the embedded store cannot be read', cause);
    }
  };
  /** Resolves once the transaction is on the disk: what was acknowledged survives a power loss. */
  const write = async <T>(action: () => T): Promise<T> => {
    try {
      const result = await tables.root.transaction(action);
      await tables.root.flushed;
      return result;
    } catch (cause) {
      health.set(false);
      throw new Unavailable('the embedded store cannot be written', cause);
    }
  };

  return {
    health,
    get: id => read(() => decode(tables.tokens.get(id))),
    find: id => read(() => ({ record: decode(tables.tokens.get(id)), stale: false })),
    isCurrent: ({ record }) =>
      record !== undefined &&
      read(() => tables.revisions.get(record.id)) === String(record.revision),
    scan: scan => read(() => scanTokens(tables, scan)),
    count: () => read(() => (tables.tokens.getStats() as { entryCount: number }).entryCount),
    commit: change => write(() => commit(tables, change, now(), limits)),
    findRequest: key =>
      read(() => {
        const text = tables.requests.get(key);
        const request = text === undefined ? undefined : (JSON.parse(text) as StoredRequest);
        return request !== undefined && request.keepUntil > now() ? request : undefined;
      }),
    append: event =>
      write(() => {
        if (tables.auditIds.get(event.id) === undefined) append(tables, event);
      }),
    events: scan => read(() => scanEvents(tables, scan)),
    head: () => read(() => head(tables)),
    addUsage: deltas => write(() => addUsage(tables, deltas)),
    usage: ids => read(() => ids.map(id => usageOf(tables, id))),
    async close() {
      clearInterval(probe);
      await tables.root.flushed;
      await tables.root.close();
    },
  };
}

function openTables(folder: string, limits: LmdbLimits): Tables {
  const root = open<string, string>({
    path: folder,
    noSubdir: false,
    encoding: 'string',
    maxDbs: 16,
    maxReaders: limits.readersMax,
    overlappingSync: true,
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
    expiries: table('expiries') as never,
    audit: table('audit') as never,
    auditByToken: table('audit-by-token') as never,
    auditIds: table('audit-ids'),
    requests: table('requests'),
    requestEnds: table('request-ends') as never,
    usage: table('usage'),
  };
}

function decode(text: string | undefined): AccessTokenRecord | undefined {
  return text === undefined ? undefined : decodeRecord(text);
}

/** Runs inside a write transaction. All checks come before the first put: a throw does not undo. */
function commit(tables: Tables, change: Change, now: number, limits: LmdbLimits): Committed {
  const { before, record, event, request } = change;
  if (request !== undefined) {
    const text = tables.requests.get(request.key);
    const prior = text === undefined ? undefined : (JSON.parse(text) as StoredRequest);
    if (prior !== undefined && prior.keepUntil > now)
      return { outcome: 'repeated', request: prior };
  }
  if (tables.auditIds.get(event.id) !== undefined) return { outcome: 'done' };
  const current = decode(tables.tokens.get(record.id));
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
    pruneRequests(tables, now, limits.requestsPrunedMax);
  }
  return { outcome: 'done' };
}

function index(tables: Tables, before: AccessTokenRecord | undefined, after: AccessTokenRecord) {
  if (before?.owner !== after.owner) {
    if (before?.owner !== undefined) tables.owners.remove([before.owner, before.id]);
    if (after.owner !== undefined) tables.owners.put([after.owner, after.id], '');
  }
  if (before?.expiresAt !== after.expiresAt) {
    if (before?.expiresAt !== undefined) tables.expiries.remove([before.expiresAt, before.id]);
    if (after.expiresAt !== undefined) tables.expiries.put([after.expiresAt, after.id], '');
  }
}

function pruneRequests(tables: Tables, now: number, most: number) {
  const ended = [...tables.requestEnds.getKeys({ end: [now, ''], limit: most })];
  for (const end of ended) {
    tables.requestEnds.remove(end);
    tables.requests.remove(end[1]);
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
  tables.root.put(
    'audit-head',
    JSON.stringify({ sequence: entry.sequence, hash: entry.hash } satisfies ChainHead),
  );
}

function scanTokens(tables: Tables, scan: Scan): ScanPage {
  const { order, owner, after, limit } = scan;
  const reverse = order === 'newest';
  let ids: string[];
  let cursors: string[];
  if (order === 'expiry') {
    const { expiresAt, id } = readExpiryMember(after ?? expiryMember(scan.expiresAfter ?? 0, '~'));
    const from = [expiresAt, id];
    const keys = [...tables.expiries.getKeys(behind(from, [Number.MAX_VALUE], false, limit))];
    ids = keys.map(key => key[1]);
    cursors = keys.map(key => expiryMember(...key));
  } else if (owner !== undefined) {
    const from = after === undefined ? undefined : [owner, after];
    const range = reverse
      ? behind(from ?? [owner, '~'], [owner], true, limit)
      : behind(from ?? [owner], [owner, '~'], false, limit);
    ids = [...tables.owners.getKeys(range)].map(key => key[1] as string);
    cursors = ids;
  } else {
    const edges: [string, string] = reverse ? ['~', ''] : ['', '~'];
    ids = [...tables.tokens.getKeys(behind(after ?? edges[0], edges[1], reverse, limit))];
    cursors = ids;
  }
  const records = ids
    .map(id => decode(tables.tokens.get(id)))
    .filter(record => record !== undefined);
  const last = cursors.at(-1);
  return ids.length === limit && last !== undefined ? { records, cursor: last } : { records };
}

/** A range that starts behind a key, and not at it. */
function behind<K>(start: K, end: unknown, reverse: boolean, limit: number) {
  return { start, end, reverse, limit, exclusiveStart: true } as never;
}

function scanEvents(tables: Tables, { order, tokenId, after, limit }: AuditScan): ChainedEvent[] {
  const reverse = order === 'newest';
  const from = after ?? (reverse ? Number.MAX_SAFE_INTEGER : 0);
  const to = reverse ? 0 : Number.MAX_SAFE_INTEGER;
  const sequences =
    tokenId === undefined
      ? [...tables.audit.getKeys(behind(from, to, reverse, limit))]
      : [
          ...tables.auditByToken.getKeys(behind([tokenId, from], [tokenId, to], reverse, limit)),
        ].map(key => key[1]);
  return sequences.map(
    sequence => JSON.parse(tables.audit.get(sequence) ?? 'null') as ChainedEvent,
  );
}

function addUsage(tables: Tables, deltas: UsageDelta[]) {
  for (const delta of deltas) {
    const usage = addUsageDays(usageOf(tables, delta.tokenId), delta);
    tables.usage.put(delta.tokenId, JSON.stringify(usage));
  }
}

function usageOf(tables: Tables, id: string): Usage {
  const text = tables.usage.get(id);
  return text === undefined ? { days: {} } : (JSON.parse(text) as Usage);
}
