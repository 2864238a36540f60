/** What concerns the store as a whole: its migration, and its comparison with the audit log. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Audit } from './audit.ts';
import { byCaller } from './audit-names.ts';
import { adminScope, type Caller, demand, demandNoOwner } from './caller.ts';
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
export function createStoreCare(
  store: Store,
  keys: MasterKeys,
  audit: Pick<Audit, 'add'>,
): StoreCare {
  const tokensOf = (caller: Caller, rpc: string) => pageTokens(keys, caller, { rpc, query: [] });
  const readPage = async (after: string | undefined) => {
    const from = after === undefined ? {} : { after };
    return await store.scan({ order: 'oldest', limit: pageSize, ...from });
  };
  return {
    async migrate(caller, pageToken) {
      demandWhole(caller, 'migrate the store');
      const tokens = tokensOf(caller, 'Migrate');
      // The page token carries the counts of the pages before.
      const before = placeOf(tokens.read(pageToken));
      const { records, cursor } = await readPage(before.after);
      const signed = await store.signRecords(records.map(({ id }) => id));
      const page = { examined: records.length, signed };
      const examinedInAll = before.examined + records.length;
      const signedInAll = before.signed + signed;
      if (cursor !== undefined) {
        const place = `${examinedInAll} ${signedInAll} ${cursor}`;
        return { ...page, nextPageToken: tokens.write(place) };
      }
      await store.signImported();
      const detail = `${examinedInAll} access tokens, ${signedInAll} records signed`;
      await audit.add({ action: 'store.migrate', ...byCaller(caller), detail });
      await store.endMigration();
      return { ...page, nextPageToken: '' };
    },
    async listRecords(caller, id, pageToken) {
      demandWhole(caller, 'list all records');
      if (id !== '') {
        const record = await store.get(checkUuid('id', id));
        return { records: record === undefined ? [] : [record], nextPageToken: '' };
      }
      const tokens = tokensOf(caller, 'ListRecords');
      const { records, cursor } = await readPage(tokens.read(pageToken));
      return { records, nextPageToken: tokens.write(cursor) };
    },
  };
}

/** What a page token of the migration says: the counts so far, and the cursor. */
function placeOf(place = '0 0'): { examined: number; signed: number; after: string | undefined } {
  const [examined, signed, after] = place.split(' ');
  return { examined: Number(examined), signed: Number(signed), after };
}

function demandWhole(caller: Caller, what: string): void {
  demand(caller, adminScope);
  demandNoOwner(caller, what);
}
