/** Commits changes of access tokens in the embedded store. */

import type { AccessTokenRecord } from '../record.ts';
import type { Change, Committed, StoredRequest } from '../store.ts';
import { append } from './audit.ts';
import type { LmdbLimits } from './limits.ts';
import { prune } from './prune.ts';
import type { LmdbRecords } from './records.ts';
import type { Tables } from './tables.ts';

/**
 * As TokenWriter.commit. Must run inside a write transaction. Checks come before the first put: a
 * throw does not roll back.
 */
export function commit(
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

/** Updates the indexes of a record, in a write transaction. */
export function index(
  tables: Tables,
  before: AccessTokenRecord | undefined,
  after: AccessTokenRecord,
) {
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
