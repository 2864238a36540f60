/** Lists access tokens and audit events of the embedded store. */

import type { ChainedEvent } from '../audit.ts';
import { expiryMember, readExpiryMember } from '../cursor.ts';
import type { AuditScan, Scan, ScanPage } from '../store.ts';
import type { LmdbRecords } from './records.ts';
import type { Tables } from './tables.ts';

/** A page of an index. */
export interface Stretch {
  /** UUIDs of access tokens. */
  ids: string[];
  /** For each id, the cursor that resumes after it. */
  cursors: string[];
}

/** Reads a page of the scan's index. */
export function walk(tables: Tables, scan: Scan): Stretch {
  const { order, owner, after, limit } = scan;
  const reverse = order === 'newest';
  if (order === 'expiry') {
    const { expiresAt, id } = readExpiryMember(after ?? expiryMember(scan.expiresAfter ?? 0, '~'));
    const range = behind([expiresAt, id], [Number.MAX_VALUE], false, limit);
    const keys = [...tables.expiries.getKeys(range)];
    return { ids: keys.map(key => key[1]), cursors: keys.map(key => expiryMember(...key)) };
  }
  if (owner !== undefined) {
    const from = after === undefined ? undefined : [owner, after];
    const range = reverse
      ? behind(from ?? [owner, '~'], [owner], true, limit)
      : behind(from ?? [owner], [owner, '~'], false, limit);
    const ids = [...tables.owners.getKeys(range)].map(key => key[1] as string);
    return { ids, cursors: ids };
  }
  const edges: [string, string] = reverse ? ['~', ''] : ['', '~'];
  const ids = [...tables.tokens.getKeys(behind(after ?? edges[0], edges[1], reverse, limit))];
  return { ids, cursors: ids };
}

/** Reads the records of a page. Throws Unavailable for a corrupt one. */
export function scanTokens(
  { ids, cursors }: Stretch,
  stored: LmdbRecords,
  { limit }: Scan,
): ScanPage {
  const records = ids.map(id => stored.get(id)?.record).filter(record => record !== undefined);
  const last = cursors.at(-1);
  return ids.length === limit && last !== undefined ? { records, cursor: last } : { records };
}

/** A range that excludes its start. */
function behind<K>(start: K, end: unknown, reverse: boolean, limit: number) {
  return { start, end, reverse, limit, exclusiveStart: true } as never;
}

/** Reads a page of audit events. */
export function scanEvents(
  tables: Tables,
  { order, tokenId, after, limit }: AuditScan,
): ChainedEvent[] {
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
