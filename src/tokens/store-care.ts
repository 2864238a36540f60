/** What concerns the store as a whole: its migration, and its comparison with the audit log. */

import { isCursor } from '../store/cursor.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { ScanPage, Store } from '../store/store.ts';
import { adminScope, type Caller, demand } from './caller.ts';
import { TokenError } from './errors.ts';
import { checkUuid, invalid } from './fields.ts';

/** A page of the migration. */
export interface MigratedPage {
  /** Access tokens examined. */
  examined: number;
  /** Records that were signed. */
  signed: number;
  /** "" at the end: the store is migrated. */
  nextPageToken: string;
}

/** Which change made a record what it is. */
export type RecordHead = Pick<AccessTokenRecord, 'id' | 'revision' | 'eventId'>;

/** A page of records. */
export interface RecordsPage {
  records: RecordHead[];
  /** "" at the end. */
  nextPageToken: string;
}

/** Each throws TokenError or Unavailable. */
export interface StoreCare {
  /** Signs the records of a page that have no MAC; with the last page it ends the migration. */
  migrate(caller: Caller, pageToken: string): Promise<MigratedPage>;
  /** Reads a page of records, or only that of `id` unless it is "". */
  listRecords(caller: Caller, id: string, pageToken: string): Promise<RecordsPage>;
}

/** Access tokens of a page. */
const pageSize = 500;

/** Creates it. */
export function createStoreCare(store: Store): StoreCare {
  const pageAfter = async (pageToken: string): Promise<ScanPage> => {
    if (pageToken !== '' && !isCursor('oldest', pageToken)) {
      throw invalid('page_token', 'is not a next_page_token of this call');
    }
    const from = pageToken === '' ? {} : { after: pageToken };
    return await store.scan({ order: 'oldest', limit: pageSize, ...from });
  };
  return {
    async migrate(caller, pageToken) {
      demandWhole(caller);
      const { records, cursor = '' } = await pageAfter(pageToken);
      const signed = await store.signRecords(records.map(({ id }) => id));
      if (cursor === '') await store.endMigration();
      return { examined: records.length, signed, nextPageToken: cursor };
    },
    async listRecords(caller, id, pageToken) {
      demandWhole(caller);
      if (id !== '') {
        const record = await store.get(checkUuid('id', id));
        return { records: record === undefined ? [] : [record], nextPageToken: '' };
      }
      const { records, cursor = '' } = await pageAfter(pageToken);
      return { records, nextPageToken: cursor };
    },
  };
}

/** Throws PERMISSION_DENIED unless the caller is an administrator of all owners. */
function demandWhole(caller: Caller): void {
  demand(caller, adminScope);
  if (caller.owner !== undefined) {
    throw new TokenError('PERMISSION_DENIED', 'callers whose token has an owner may not do this');
  }
}
