/** Creates changes of access tokens for tests of the stores. */

import { v4, v7 } from 'uuid';
import type { AuditEvent, ChainedEvent } from '../../src/store/audit.ts';
import { linkHash } from '../../src/store/audit.ts';
import type { AccessTokenRecord, JsonObject } from '../../src/store/record.ts';
import type { Change, Scan, Store, StoredRequest } from '../../src/store/store.ts';

/** Creation time of the records in tests, in milliseconds since 1970. */
const madeAt = 1_708_574_091_000;

/** An audit event, of an access token or of none. */
export function eventOf(action: string, tokenId = ''): AuditEvent {
  return {
    id: v4(),
    time: madeAt,
    action,
    actor: 'admin',
    peer: '127.0.0.1',
    tokenId,
    detail: '',
    requestId: '',
  };
}

/** The change that creates an access token. */
export function creation(fields: Partial<AccessTokenRecord> = {}): Change {
  const id = fields.id ?? v7();
  const event = { ...eventOf('token.create', id), after: { revision: 1 } };
  const record: AccessTokenRecord = {
    id,
    revision: 1,
    kind: 'static',
    name: 'a token',
    scopes: ['a:read'],
    createdAt: madeAt,
    updatedAt: madeAt,
    secrets: [{ masterKeyId: 'k1', value: 'aGFzaA', createdAt: madeAt }],
    eventId: event.id,
    ...fields,
  };
  return { record, event };
}

/** The change of a record. */
export function update(before: AccessTokenRecord, fields: Partial<AccessTokenRecord>): Change {
  const revision = before.revision + 1;
  const { revokedAt, revokedJwts } = fields;
  const after = {
    revision,
    ...(revokedAt === undefined ? {} : { revokedAt }),
    ...(revokedJwts === undefined ? {} : { jwtsRevoked: revokedJwts as JsonObject }),
  };
  const event = { ...eventOf('token.update', before.id), after };
  return { before, record: { ...before, ...fields, revision, eventId: event.id }, event };
}

/** The change that revokes a record. */
export function revocation(before: AccessTokenRecord): Change {
  return update(before, { revokedAt: madeAt, revokeReason: 'leaked' });
}

/** The stored request of a change. */
export function requestOf(change: Change, key = `admin:${v4()}`): StoredRequest {
  return {
    key,
    digest: 'digest',
    tokenId: change.record.id,
    sealedReply: 'c2VhbGVk',
    replyUntil: Date.now() + 60_000,
    keepUntil: Date.now() + 120_000,
  };
}

/** Creates access tokens, and resolves to their records. */
export async function create(
  store: Store,
  ...all: Partial<AccessTokenRecord>[]
): Promise<AccessTokenRecord[]> {
  const changes = all.map(fields => creation(fields));
  for (const change of changes) await store.commit(change);
  return changes.map(change => change.record);
}

/** Scans to the end, page by page; resolves to the ids. */
export async function walk(store: Store, scan: Omit<Scan, 'after'>): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.scan(after === undefined ? scan : { ...scan, after });
    ids.push(...page.records.map(record => record.id));
    after = page.cursor;
  } while (after !== undefined);
  return ids;
}

/** The whole audit log; fails if an entry is missing, changed or moved. */
export async function intactLog(store: Store): Promise<ChainedEvent[]> {
  const entries = await store.events({ order: 'oldest', limit: 10_000 });
  let previous = '0'.repeat(64);
  for (const [i, { hash, ...entry }] of entries.entries()) {
    if (entry.sequence !== i + 1) throw new Error(`entry ${i + 1} has sequence ${entry.sequence}`);
    if (hash !== linkHash(previous, entry)) throw new Error(`entry ${i + 1} has another hash`);
    previous = hash;
  }
  const head = await store.head();
  if (head.sequence !== entries.length || head.hash !== previous) {
    throw new Error('the head is not the last entry');
  }
  return entries;
}

/**
 * The entries of the audit log without Usher's own of a loss: a failover may lose the entry of a change
 * that was not acknowledged yet, which the process that appended it notes.
 */
export async function loggedChanges(store: Store): Promise<ChainedEvent[]> {
  return (await intactLog(store)).filter(({ action }) => action !== 'store.healed');
}
