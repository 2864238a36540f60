/** What concerns the store as a whole: its migration, and its comparison with the audit log. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { adminScope, type Caller, demand } from './caller.ts';
import { TokenError } from './errors.ts';
import { checkUuid } from './fields.ts';
import { pageTokens } from './page-token.ts';

/** A page of the migration. */
interface MigratedPage {
  /** Access tokens examined. */
  examined: number;
  /** Records that were signed. */
  signed: number;
  /** "" at the end: the store is migrated. */
  nextPageToken: string;
}

/** Which change made a record what it is. */
type RecordHead = Pick<AccessTokenRecord, 'id' | 'revision' | 'eventId'>;

/** A page of records. */
interface RecordsPage {
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
export function createStoreCare(store: Store, keys: MasterKeys): StoreCare {
  const readPage = async (caller: Caller, rpc: string, pageToken: string) => {
    const tokens = pageTokens(keys, caller, { rpc, query: [] });
    const after = tokens.read(pageToken);
    const from = after === undefined ? {} : { after };
    const page = await store.scan({ order: 'oldest', limit: pageSize, ...from });
    return { records: page.records, nextPageToken: tokens.write(page.cursor) };
  };
  return {
    async migrate(caller, pageToken) {
      demandWhole(caller);
      const { records, nextPageToken } = await readPage(caller, 'Migrate', pageToken);
      const signed = await store.signRecords(records.map(({ id }) => id));
      if (nextPageToken === '') {
        await store.signImported();
        await store.endMigration();
      }
      return { examined: records.length, signed, nextPageToken };
    },
    async listRecords(caller, id, pageToken) {
      demandWhole(caller);
      if (id !== '') {
        const record = await store.get(checkUuid('id', id));
        return { records: record === undefined ? [] : [record], nextPageToken: '' };
      }
      return await readPage(caller, 'ListRecords', pageToken);
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
