/**
 * Re-encrypts jwt secrets and signs records and documents under the first master key, and counts secrets
 * per master key.
 */

import type { AccessTokenRecord, Secret } from '../store/record.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { adminScope, type Caller, demand, demandNoOwner } from './caller.ts';
import { type ChangeDeps, change } from './change.ts';
import { Faults } from './faults.ts';
import { checkPageSize } from './fields.ts';
import { pageTokens } from './page-token.ts';
import { type DocumentSeals, resealDocuments } from './reseal-documents.ts';
import { withCurrentSeals } from './secret.ts';

/** The result of a page. */
interface ResealPage {
  /** Access tokens examined. */
  examined: number;
  /** Access tokens with secrets that were re-encrypted. */
  resealed: number;
  /** The page's valid tokens and secrets, counted per master key that they depend on now. */
  left: { masterKeyId: string; secrets: number; listed: boolean }[];
  /** "" at the end. */
  nextPageToken: string;
}

/**
 * Re-encrypts the jwt secrets of a page of access tokens, and signs their records. `pageSize` is 1 to 500, 0 means 200.
 * Throws TokenError or Unavailable.
 */
export type Reseal = (
  caller: Caller,
  page: { pageSize: number; pageToken?: string | undefined },
) => Promise<ResealPage>;

/** Limits of a page. */
const resealLimits = { pageSizeDefault: 200, pageSizeMax: 500 } as const;

/** Creates it. */
export function createReseal(deps: ChangeDeps, documentSeals: DocumentSeals = {}): Reseal {
  const { store, keys, now } = deps;
  return async (caller, { pageSize, pageToken }) => {
    demand(caller, adminScope);
    demandNoOwner(caller, 'reseal');
    const limit = pageSize || resealLimits.pageSizeDefault;
    const tokens = pageTokens(keys, caller, { rpc: 'Reseal', query: [] });
    const faults = new Faults();
    faults.read(() => checkPageSize(pageSize, resealLimits.pageSizeMax));
    const after = faults.read(() => tokens.read(pageToken));
    faults.end();
    const page = await store.scan({
      ...{ order: 'oldest', limit },
      ...(after === undefined ? {} : { after }),
    });
    const records: AccessTokenRecord[] = [];
    let resealed = 0;
    for (const record of page.records) {
      const isOld = record.revokedAt === undefined && withCurrentSeals(keys, record) !== record;
      records.push(isOld ? await reseal(caller, record.id) : record);
      if (isOld) resealed += 1;
    }
    // Also of revoked access tokens: their records are signed under a master key, too.
    await store.signRecords(records.map(({ id }) => id));
    if (page.cursor === undefined) {
      await store.signImported();
      await resealDocuments(store, documentSeals);
      await store.signDocuments();
    }
    const left = count(records, keys, now());
    const nextPageToken = tokens.write(page.cursor);
    return { examined: records.length, resealed, left, nextPageToken };
  };

  async function reseal(caller: Caller, id: string): Promise<AccessTokenRecord> {
    const ask = { caller, action: 'token.reseal', id, args: {} };
    // Every change re-encrypts the secrets of the record that it writes.
    const { record } = await change(deps, ask, before =>
      before === undefined || before.revokedAt !== undefined ? undefined : { record: before },
    );
    return record;
  }
}

function count(records: AccessTokenRecord[], keys: MasterKeys, now: number) {
  const counts = new Map<string, number>();
  for (const { secrets, revokedJwts, revokedAt } of records) {
    if (revokedAt !== undefined) continue;
    const hashKeys: Partial<Secret>[] = revokedJwts?.key ? [revokedJwts.key] : [];
    for (const { masterKeyId = '', goodUntil = Number.POSITIVE_INFINITY } of [
      ...secrets,
      ...hashKeys,
    ]) {
      if (goodUntil > now) counts.set(masterKeyId, (counts.get(masterKeyId) ?? 0) + 1);
    }
  }
  return [...counts].map(([masterKeyId, secrets]) => {
    return { masterKeyId, secrets, listed: keys.ids.includes(masterKeyId) };
  });
}
