/** Seals jwt secrets anew with the master key that writes, and counts what is left under which. */

import { isCursor } from '../store/cursor.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { adminScope, type Caller, demand } from './caller.ts';
import { type ChangeDeps, change } from './change.ts';
import { TokenError } from './errors.ts';
import { invalid } from './fields.ts';
import { withCurrentSeals } from './secret.ts';

/** What a page came to. */
interface ResealPage {
  /** Access tokens looked at, and those sealed anew. */
  examined: number;
  resealed: number;
  /** Good tokens and secrets of the page by the id of their master key, as they are now. */
  left: { masterKeyId: string; secrets: number; listed: boolean }[];
  /** "" at the end. */
  nextPageToken: string;
}

/** Seals a page of access tokens anew. Throws TokenError or Unavailable. */
export type Reseal = (
  caller: Caller,
  page: { pageSize: number; pageToken?: string | undefined },
) => Promise<ResealPage>;

/** Bounds of a page. */
const resealLimits = { pageSizeDefault: 200, pageSizeMax: 500 } as const;

/** Makes it. */
export function createReseal(deps: ChangeDeps): Reseal {
  const { store, keys, now } = deps;
  return async (caller, { pageSize, pageToken }) => {
    demand(caller, adminScope);
    if (caller.owner !== undefined) {
      throw new TokenError('PERMISSION_DENIED', 'is not for a caller whose token has an owner');
    }
    const limit = pageSize || resealLimits.pageSizeDefault;
    if (!(limit >= 1 && limit <= resealLimits.pageSizeMax)) {
      throw invalid('page_size', `must be 1 to ${resealLimits.pageSizeMax}`);
    }
    if (pageToken && !isCursor('oldest', pageToken)) {
      throw invalid('page_token', 'is not one that Reseal gave');
    }
    const page = await store.scan({
      ...{ order: 'oldest', limit },
      ...(pageToken ? { after: pageToken } : {}),
    });
    const records: AccessTokenRecord[] = [];
    let resealed = 0;
    for (const record of page.records) {
      const isOld = record.revokedAt === undefined && withCurrentSeals(keys, record) !== record;
      records.push(isOld ? await reseal(caller, record.id) : record);
      if (isOld) resealed += 1;
    }
    const left = count(records, keys, now());
    return { examined: records.length, resealed, left, nextPageToken: page.cursor ?? '' };
  };

  async function reseal(caller: Caller, id: string): Promise<AccessTokenRecord> {
    const ask = { caller, action: 'token.reseal', id, args: {} };
    // Every change seals anew what it writes.
    const { record } = await change(deps, ask, before =>
      before === undefined || before.revokedAt !== undefined ? undefined : { record: before },
    );
    return record;
  }
}

function count(records: AccessTokenRecord[], keys: MasterKeys, now: number) {
  const counts = new Map<string, number>();
  for (const { secrets, revokedAt } of records) {
    if (revokedAt !== undefined) continue;
    for (const { masterKeyId, goodUntil = Number.POSITIVE_INFINITY } of secrets) {
      if (goodUntil > now) counts.set(masterKeyId, (counts.get(masterKeyId) ?? 0) + 1);
    }
  }
  return [...counts].map(([masterKeyId, secrets]) => {
    return { masterKeyId, secrets, listed: keys.ids.includes(masterKeyId) };
  });
}
