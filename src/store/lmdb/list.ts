/** Lists access tokens and audit events of the embedded store. */

import type { ChainedEvent } from '../audit.ts';
import { expiryMember, readExpiryMember } from '../cursor.ts';
import type { AuditScan, Scan, ScanPage } from '../store.ts';
import type { LinkedTable, LinkKey, Links } from './links.ts';
import type { LmdbRecords } from './records.ts';
import type { Tables } from './tables.ts';

/** A page of an index. */
export interface Stretch {
  /** UUIDs of access tokens. */
  ids: string[];
  /** For each id, the cursor that resumes after it. */
  cursors: string[];
}

/** Reads a page of the scan's index. Throws Unavailable when an entry of it may be missing. */
export function walk(tables: Tables, links: Links, scan: Scan): Stretch {
  const { order, owner, after, limit } = scan;
  const reverse = order === 'newest';
  const prove = (table: LinkedTable, keys: LinkKey[], low: LinkKey, high: LinkKey) =>
    proveRange(links, table, keys, { low, high, reverse, isFull: keys.length === limit });
  if (order === 'expiry') {
    const { expiresAt, id } = readExpiryMember(after ?? expiryMember(scan.expiresAfter ?? 0, '~'));
    const range = behind([expiresAt, id], [Number.MAX_VALUE], false, limit);
    const keys = [...tables.expiries.getKeys(range)];
    prove('expiries', keys, [expiresAt, id], []);
    return { ids: keys.map(key => key[1]), cursors: keys.map(key => expiryMember(...key)) };
  }
  if (owner !== undefined) {
    const from = after === undefined ? undefined : [owner, after];
    const range = reverse
      ? behind(from ?? [owner, '~'], [owner], true, limit)
      : behind(from ?? [owner], [owner, '~'], false, limit);
    const keys = [...tables.owners.getKeys(range)];
    const [low, high] = reverse ? [[owner], from ?? [owner, '~']] : [from ?? [owner], [owner, '~']];
    prove('owners', keys, low, high);
    const ids = keys.map(key => key[1] as string);
    return { ids, cursors: ids };
  }
  const edges: [string, string] = reverse ? ['~', ''] : ['', '~'];
  const start = after ?? edges[0];
  const ids = [...tables.tokens.getKeys(behind(start, edges[1], reverse, limit))];
  const keys = ids.map(id => [id]);
  prove('tokens', keys, reverse || start === '' ? [] : [start], reverse ? [start] : ['~']);
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

/** Proves that the keys of a page, in its order, are all that it should have. */
function proveRange(
  links: Links,
  table: LinkedTable,
  keys: readonly LinkKey[],
  page: { low: LinkKey; high: LinkKey; reverse: boolean; isFull: boolean },
): void {
  const { low, high, reverse, isFull } = page;
  const isCutBelow = isFull && reverse;
  const isCutAbove = isFull && !reverse;
  const ordered = reverse ? keys.toReversed() : keys;
  links.proveRange(table, ordered, isCutBelow ? undefined : low, isCutAbove ? undefined : high);
}

/** Reads a page of audit events. Of one access token: throws Unavailable when one may be missing. */
export function scanEvents(
  { audit, auditByToken }: Tables,
  links: Links,
  { order, tokenId, after, limit }: AuditScan,
): ChainedEvent[] {
  const reverse = order === 'newest';
  const from = after ?? (reverse ? Number.MAX_SAFE_INTEGER : 0);
  const to = reverse ? 0 : Number.MAX_SAFE_INTEGER;
  const read = (sequence: number) => JSON.parse(audit.get(sequence) ?? '') as ChainedEvent;
  // Of the whole log, the hashes show a reader what is missing.
  if (tokenId === undefined) return [...audit.getKeys(behind(from, to, reverse, limit))].map(read);
  const keys = [...auditByToken.getKeys(behind([tokenId, from], [tokenId, to], reverse, limit))];
  const [low, high] = reverse ? [to, from] : [from, to];
  const edges = { low: [tokenId, low], high: [tokenId, high] };
  proveRange(links, 'audit-by-token', keys, { ...edges, reverse, isFull: keys.length === limit });
  return keys.map(([, sequence]) => {
    const entry = read(sequence);
    if (entry.sequence !== sequence) throw new SyntaxError('an entry of the log is damaged');
    return entry;
  });
}
