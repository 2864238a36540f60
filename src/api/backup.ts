/** Calls the API to read a backup of the store. */

import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** Reads the lines of a backup, page by page. Throws AdminError. */
export async function* backupLines({ store }: Admin): AsyncGenerator<string> {
  let pageToken = '';
  do {
    const page = await call(() => store.readBackup({ pageToken }));
    yield* page.lines;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}
