/** Calls the API to migrate the store and to compare its records with the audit log. */

import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** What a page of the migration did. */
export interface MigratedPage {
  /** Access tokens examined. */
  examined: number;
  /** Records that were signed. */
  signed: number;
}

/** Migrates the store, page by page. Throws AdminError. */
export async function* migrate({ store }: Admin): AsyncGenerator<MigratedPage> {
  let pageToken = '';
  do {
    const { examined, signed, nextPageToken } = await call(() => store.migrate({ pageToken }));
    yield { examined, signed };
    pageToken = nextPageToken;
  } while (pageToken !== '');
}

/** A record, as far as the audit log names its last change. */
export interface RecordHead {
  /** UUID of the access token. */
  id: string;
  /** Id of the audit event of its last change. */
  eventId: string;
}

/** Reads all records, page by page, oldest access token first. Throws AdminError. */
export async function* records({ store }: Admin): AsyncGenerator<RecordHead> {
  let pageToken = '';
  do {
    const page = await call(() => store.listRecords({ pageToken }));
    yield* page.records;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

/** Reads the record of a UUID; undefined without one. Throws AdminError. */
export async function recordOf({ store }: Admin, id: string): Promise<RecordHead | undefined> {
  const { records } = await call(() => store.listRecords({ id }));
  return records[0];
}
