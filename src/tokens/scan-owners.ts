/** Scans the access tokens of several owners as if they were one index. */

import { cursorBehind } from '../store/cursor.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Scan, ScanPage, Store } from '../store/store.ts';

/**
 * Reads a page of the access tokens of these owners, or of all for undefined, in the order of the scan. A
 * page can be shorter than its limit, even empty, when more follow. Throws Unavailable.
 */
export async function scanOwners(
  store: Pick<Store, 'scan'>,
  owners: readonly string[] | undefined,
  scan: Omit<Scan, 'owner'>,
): Promise<ScanPage> {
  // By expiry there is one index for all owners.
  if (owners === undefined || scan.order === 'expiry') return await store.scan(scan);
  const [owner, ...others] = owners;
  if (owner === undefined) return { records: [] };
  if (others.length === 0) return await store.scan({ ...scan, owner });

  const pages = await Promise.all(owners.map(async each => store.scan({ ...scan, owner: each })));
  const isBehind = (a: string, b: string) => (scan.order === 'newest' ? a < b : a > b);
  // Behind the end of the shortest page, the other owners' entries may have some of its own between them.
  const ends = pages.flatMap(({ cursor }) => cursor ?? []);
  const end = ends.reduce<string | undefined>(
    (nearest, each) => (nearest === undefined || isBehind(nearest, each) ? each : nearest),
    undefined,
  );
  const records = pages
    .flatMap(page => page.records)
    .filter(({ id }) => end === undefined || !isBehind(id, end))
    .toSorted((a, b) => (isBehind(a.id, b.id) ? 1 : -1))
    // One that moves from one owner to another during the scan can be in both pages.
    .filter(({ id }, n, all) => id !== all[n - 1]?.id);
  const page = records.slice(0, scan.limit);
  if (records.length > page.length) {
    return { records: page, cursor: cursorBehind(scan.order, page.at(-1) as AccessTokenRecord) };
  }
  return end === undefined ? { records: page } : { records: page, cursor: end };
}

/** How many access tokens these owners have, or all for undefined. Throws Unavailable. */
export async function countOwners(
  store: Pick<Store, 'count'>,
  owners: readonly string[] | undefined,
): Promise<number> {
  if (owners === undefined) return await store.count();
  const counts = await Promise.all(owners.map(async owner => store.count(owner)));
  return counts.reduce((sum, count) => sum + count, 0);
}
