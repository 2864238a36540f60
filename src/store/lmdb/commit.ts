/** Commits changes of access tokens in the embedded store. */

import type { AccessTokenRecord } from '../record.ts';
import type { Change, Committed } from '../store.ts';
import type { LmdbLog } from './audit.ts';
import type { Kept } from './kept.ts';
import type { Links } from './links.ts';
import type { LmdbRecords } from './records.ts';
import type { Tables } from './tables.ts';

/** What a commit writes to, beside the indexes. */
export interface CommitParts {
  stored: LmdbRecords;
  log: LmdbLog;
  kept: Kept;
  links: Links;
}

/**
 * As TokenWriter.commit. Must run inside a write transaction. Checks come before the first put: a
 * throw does not roll back.
 */
export function commit(
  tables: Tables,
  { stored, log, kept, links }: CommitParts,
  change: Change,
  now: number,
): Committed {
  const { before, record, event, request } = change;
  if (request !== undefined) {
    const prior = kept.request(request.key, now);
    if (prior !== undefined) return { outcome: 'repeated', request: prior };
  }
  if (tables.auditIds.get(event.id) !== undefined) return { outcome: 'done' };
  const current = stored.get(record.id)?.record;
  if (current?.revision !== before?.revision || current?.revokedAt !== undefined) {
    return { outcome: 'conflict' };
  }
  log.end();
  stored.put(record);
  index(tables, links, current, record);
  log.append(event);
  if (request !== undefined) kept.putRequest(request, now);
  return { outcome: 'done' };
}

/** Updates the indexes of a record, in a write transaction. */
export function index(
  tables: Tables,
  links: Links,
  before: AccessTokenRecord | undefined,
  after: AccessTokenRecord,
) {
  if (before?.owner !== after.owner) {
    if (before?.owner !== undefined) {
      tables.owners.remove([before.owner, before.id]);
      links.remove('owners', [before.owner, before.id]);
      addToOwner(tables, before.owner, -1);
    }
    if (after.owner !== undefined) {
      links.add('owners', [after.owner, after.id]);
      tables.owners.put([after.owner, after.id], '');
      addToOwner(tables, after.owner, 1);
    }
  }
  if (before?.expiresAt !== after.expiresAt) {
    if (before?.expiresAt !== undefined) {
      tables.expiries.remove([before.expiresAt, before.id]);
      links.remove('expiries', [before.expiresAt, before.id]);
    }
    if (after.expiresAt !== undefined) {
      links.add('expiries', [after.expiresAt, after.id]);
      tables.expiries.put([after.expiresAt, after.id], '');
    }
  }
}

function addToOwner(tables: Tables, owner: string, more: number) {
  const count = Number(tables.ownerCounts.get(owner) ?? 0) + more;
  if (count > 0) tables.ownerCounts.put(owner, String(count));
  else tables.ownerCounts.remove(owner);
}
