/** Signs records in Redis under the current master key. */

import { Unavailable } from '../store.ts';
import type { Asker } from './ask.ts';
import { tokenKey } from './keys.ts';
import type { RedisRecords } from './records.ts';
import { replaceScript } from './scripts.ts';

/** Changes of one record that may come in between. */
const attemptsMax = 5;

/** Signs the records that are not yet; resolves to how many it signed. Throws Unavailable. */
export async function signRecords(
  asker: Asker,
  records: RedisRecords,
  ids: readonly string[],
): Promise<number> {
  const signed = await Promise.all(ids.map(id => signRecord(asker, records, id)));
  return signed.filter(Boolean).length;
}

async function signRecord(asker: Asker, records: RedisRecords, id: string): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const text = await asker.ask(client => client.get(tokenKey(id)));
    if (text === null || records.isCurrent(text)) return false;
    const signed = records.encode(await records.decode(id, text));
    if ((await asker.run(replaceScript, [tokenKey(id)], [text, signed])) === 1) return true;
  }
  throw new Unavailable('an access token changes too fast');
}
