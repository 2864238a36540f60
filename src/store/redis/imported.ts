/** The index of imported tokens in Redis: read from memory while the feed is live. */

import { createCoherentIndex } from '../cache/coherent-index.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import type { Feed } from '../feed.ts';
import type { ImportedIndex } from '../store.ts';
import type { Asker } from './ask.ts';
import { acknowledge } from './commit.ts';
import type { Get } from './get.ts';
import type { StoreIdentity } from './identity.ts';
import { importedFormsKey, importedKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { addWordsScript, reserveScript } from './scripts.ts';

/** The name under which the forms are kept beside the digests. */
const forms = importedFormsKey.slice(importedKey('').length);

/** The index of the Redis that is asked: `get` is for verifications, `admin` for changes. */
export function redmayBeImported(
  { get, admin, identity }: { get: Get; admin: Asker; identity: StoreIdentity },
  feed: Feed,
  limits: RedisLimits,
  monotonicMs: () => number,
  cache: CoherentLimits,
): ImportedIndex {
  const index = createCoherentIndex(
    async name => {
      const value = await get(importedKey(name));
      if (value === null) await identity.confirmAbsence();
      return value ?? undefined;
    },
    feed,
    monotonicMs,
    cache,
  );
  const change = async <T>(name: string, write: (key: string) => Promise<T>): Promise<T> => {
    const key = importedKey(name);
    const answer = await write(key);
    // Whoever made it may ask for it before the feed has told.
    index.forget(name);
    await acknowledge(admin, key, limits);
    return answer;
  };
  const words = (text: string | undefined) => text?.split(' ') ?? [];
  return {
    importedForms() {
      const text = index.find(forms);
      return text instanceof Promise ? text.then(words) : words(text);
    },
    findImported: digest => index.find(digest),
    async reserveImported(added, entries) {
      // First the forms: what is reserved must be looked for.
      await change(forms, key => admin.run(addWordsScript, [key], [forms, ...added]));
      const reserved = entries.map(({ digest, tokenId }) =>
        change(digest, key => admin.run(reserveScript, [key], [digest, tokenId])),
      );
      return (await Promise.all(reserved)) as string[];
    },
  };
}
