/** Walks access tokens in Redis, along indexes in alphabetical order. */

import { type AccessTokenRecord, decodeRecord } from './record.ts';
import type { Asker } from './redis-ask.ts';
import { createdKey, expiryKey, ownerKey, readExpiryMember, tokenKey } from './redis-keys.ts';
import { type Scan, type ScanPage, Unavailable } from './store.ts';

/** Reads one record. */
export async function readToken(asker: Asker, id: string): Promise<AccessTokenRecord | undefined> {
  const text = await asker.ask(client => client.get(tokenKey(id)));
  if (text === null) return undefined;
  try {
    return decodeRecord(text);
  } catch {
    // The parser's own words would repeat parts of the record.
    throw new Unavailable('a record cannot be read', new Error(`corrupt: ${tokenKey(id)}`));
  }
}

/**
 * Reads a page. An index may name a record that a failover lost, or be a moment behind one that just
 * changed: such are left out, so that a page may be shorter than the limit and not the last.
 */
export async function scanTokens(asker: Asker, scan: Scan): Promise<ScanPage> {
  const members = await readIndex(asker, scan);
  const more = members.length > scan.limit;
  const page = more ? members.slice(0, scan.limit) : members;
  const found = await Promise.all(page.map(member => readMember(asker, scan, member)));
  const records = found.filter(record => record !== undefined);
  const cursor = page.at(-1);
  return more && cursor !== undefined ? { records, cursor } : { records };
}

/** The entries of the page, and one more where there is one. */
function readIndex(asker: Asker, { order, owner, after, limit }: Scan): Promise<string[]> {
  const byOwner = owner === undefined ? createdKey : ownerKey(owner);
  const key = order === 'expiry' ? expiryKey : byOwner;
  return asker.ask(client =>
    order === 'newest'
      ? client.zrevrangebylex(key, after ? `(${after}` : '+', '-', 'LIMIT', 0, limit + 1)
      : client.zrangebylex(key, after ? `(${after}` : '-', '+', 'LIMIT', 0, limit + 1),
  );
}

async function readMember(
  asker: Asker,
  scan: Scan,
  member: string,
): Promise<AccessTokenRecord | undefined> {
  if (scan.order === 'expiry') {
    const { id, expiresAt } = readExpiryMember(member);
    const record = await readToken(asker, id);
    return record?.expiresAt === expiresAt ? record : undefined;
  }
  const record = await readToken(asker, member);
  return scan.owner === undefined || record?.owner === scan.owner ? record : undefined;
}
