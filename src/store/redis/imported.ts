/** The index of imported tokens in Redis, cached while the feed is live. */

import { mapAwaitable } from '../awaitable.ts';
import { createCoherentIndex } from '../cache/coherent-index.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import type { Feed } from '../feed.ts';
import type { ImportedIndex } from '../store.ts';
import type { Asker } from './ask.ts';
import { acknowledge, presence } from './commit.ts';
import type { Get } from './get.ts';
import { importedFormsKey, importedKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { addWordsScript, reserveScript } from './scripts.ts';

/** The index entry that holds the forms. */
const forms = importedFormsKey.slice(importedKey('').length);

/** Creates the index. `get` reads for verifications, `admin` makes changes. */
export function redisImported(
  { get, admin }: { get: Get; admin: Asker },
  feed: Feed,
  limits: RedisLimits,
  monotonicMs: () => number,
  cache: CoherentLimits,
): ImportedIndex {
  const index = createCoherentIndex(
    async name => (await get(importedKey(name))) ?? undefined,
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
  const words = (text: string | undefined) => text?.split(' ') ?? [];
  return {
    importedForms: () => mapAwaitable(index.find(forms), words),
    findImported: digest => index.find(digest),
    async reserveImported(added, entries) {
      // The forms first: verification looks only for digests of known forms.
      await change(forms, key => admin.run(addWordsScript, [key], [forms, ...added]));
      const reserved = entries.map(({ digest, tokenId }) =>
        change(digest, key => admin.run(reserveScript, [key], [digest, tokenId])),
      );
      return (await Promise.all(reserved)) as string[];
    },
  };
}
