/** Lists access tokens in Redis along lexically sorted indexes. */

import { expiryMember, readExpiryMember } from '../cursor.ts';
import type { AccessTokenRecord } from '../record.ts';
import type { Scan, ScanPage } from '../store.ts';
import type { Asker } from './ask.ts';
import { type Get, plainGet } from './get.ts';
import { createdKey, expiryKey, ownerKey, tokenKey } from './keys.ts';
import type { RedisRecords } from './records.ts';

/** Reads one record; undefined when there is none. Throws Unavailable. */
export async function readToken(
  get: Get,
  records: RedisRecords,
  id: string,
): Promise<AccessTokenRecord | undefined> {
  const text = await get(tokenKey(id));
  return text === null ? undefined : await records.decode(id, text);
}

/**
 * Reads a page. Throws Unavailable. An index can name a record that a failover lost, or lag behind
 * a record that just changed. Such records are left out, so a page can be shorter than the limit
 * without being the last.
 */
export async function scanTokens(
  asker: Asker,
  records: RedisRecords,
  scan: Scan,
): Promise<ScanPage> {
  const members = await readIndex(asker, scan);
  const more = members.length > scan.limit;
  const page = more ? members.slice(0, scan.limit) : members;
  const found = await Promise.all(page.map(member => readMember(asker, records, scan, member)));
  const present = found.filter(record => record !== undefined);
  const cursor = page.at(-1);
  return more && cursor !== undefined ? { records: present, cursor } : { records: present };
}

/** The members of the page, and the next one if there is one. */
function readIndex(asker: Asker, scan: Scan): Promise<string[]> {
  const { order, owner, after, limit } = scan;
  const byOwner = owner === undefined ? createdKey : ownerKey(owner);
  const from = after === undefined ? undefined : `(${after}`;
  return asker.ask(client => {
    switch (order) {
      case 'newest':
        return client.zrevrangebylex(byOwner, from ?? '+', '-', 'LIMIT', 0, limit + 1);
      case 'oldest':
        return client.zrangebylex(byOwner, from ?? '-', '+', 'LIMIT', 0, limit + 1);
      case 'expiry':
        return client.zrangebylex(expiryKey, expiryStart(scan), '+', 'LIMIT', 0, limit + 1);
    }
  });
}

/** Start of a scan by expiry: after the cursor, and not before the requested time. */
function expiryStart({ after, expiresAfter }: Scan): string {
  const first = expiresAfter === undefined ? '' : expiryMember(expiresAfter + 1, '');
  if (after !== undefined && after > first) return `(${after}`;
  return first === '' ? '-' : `[${first}`;
}

async function readMember(
  asker: Asker,
  records: RedisRecords,
  scan: Scan,
  member: string,
): Promise<AccessTokenRecord | undefined> {
  if (scan.order === 'expiry') {
    const { id, expiresAt } = readExpiryMember(member);
    const record = await readToken(plainGet(asker), records, id);
    return record?.expiresAt === expiresAt ? record : undefined;
  }
  const record = await readToken(plainGet(asker), records, member);
  return scan.owner === undefined || record?.owner === scan.owner ? record : undefined;
}
