/** The index of imported tokens in Redis, cached while the feed is live. */

import { mapAwaitable } from '../awaitable.ts';
import { createCoherentIndex } from '../cache/coherent-index.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import type { Feed } from '../feed.ts';
import type { KeyLedger } from '../seal.ts';
import { type ImportedIndex, Unavailable } from '../store.ts';
import { acknowledge, presence } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import type { Get } from './get.ts';
import { importedFormsKey, importedKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import type { RedisRecords } from './records.ts';
import { replaceEntryScript, reserveScript } from './scripts.ts';

/** The index entry that holds the forms. */
const forms = importedFormsKey.slice(importedKey('').length);

/** Creates the index. `get` reads for verifications, `admin` makes changes. */
export function redisImported(
  { get, admin, records }: { get: Get; admin: Asker; records: RedisRecords },
  feed: Feed,
  limits: RedisLimits,
  monotonicMs: () => number,
  cache: CoherentLimits,
): ImportedIndex & Pick<KeyLedger, 'dropForms'> {
  const index = createCoherentIndex(
    async name => {
      const text = await get(importedKey(name));
      return text === null ? undefined : await records.decodeEntry(name, text);
    },
    feed,
    monotonicMs,
    cache,
  );
  const change = async <T>(name: string, write: (key: string) => Promise<T>): Promise<T> => {
    const key = importedKey(name);
    const answer = await write(key);
    // The caller may look it up before the invalidation arrives.
    index.forget(name);
    await acknowledge(admin, limits, presence(key));
    return answer;
  };
  const words = (text: string | undefined) => (text ? text.split(' ') : []);
  const changeForms = async (
    key: string,
    changed: (known: readonly string[]) => readonly string[],
  ): Promise<void> => {
    for (let attempt = 0; attempt < limits.beginAttemptsMax; attempt++) {
      const text = (await admin.ask(client => client.get(key))) ?? '';
      const known = text === '' ? [] : words(await records.decodeEntry(forms, text));
      const all = [...new Set(changed(known))];
      if (all.length === known.length) return;
      const args = [forms, text, records.encodeEntry(forms, all.join(' '))];
      if ((await admin.run(replaceEntryScript, [key], args)) === 1) return;
    }
    throw new Unavailable('the forms of imported tokens change too fast');
  };
  const reserve = async (key: string, digest: string, tokenId: string): Promise<string> => {
    const own = records.encodeEntry(digest, tokenId);
    const held = String(await admin.run(reserveScript, [key], [digest, own]));
    return held === own ? tokenId : await records.decodeEntry(digest, held);
  };
  return {
    importedForms: () => mapAwaitable(index.find(forms), words),
    findImported: digest => index.find(digest),
    async reserveImported(added, entries) {
      // The forms first: verification looks only for digests of known forms.
      if (added.length > 0)
        await change(forms, key => changeForms(key, known => [...known, ...added]));
      const reserved = entries.map(({ digest, tokenId }) =>
        change(digest, key => reserve(key, digest, tokenId)),
      );
      return await Promise.all(reserved);
    },
    async dropForms(dropped) {
      const isLeft = (form: string) => !dropped.includes(form);
      await change(forms, key => changeForms(key, known => known.filter(isLeft)));
    },
    async settleImported(digests) {
      if (digests.length === 0) return;
      const keys = [importedFormsKey, ...digests.map(importedKey)];
      await Promise.all(keys.map(key => acknowledge(admin, limits, presence(key))));
    },
  };
}
