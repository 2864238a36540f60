/** The index of imported tokens in Redis: read from memory while the feed is live. */

import type { CoherentLimits } from './coherent.ts';
import { createCoherentIndex } from './coherent-index.ts';
import type { Feed } from './feed.ts';
import type { Asker } from './redis-ask.ts';
import { acknowledge } from './redis-commit.ts';
import type { Get } from './redis-get.ts';
import type { StoreIdentity } from './redis-identity.ts';
import { foreignFormsKey, foreignKey } from './redis-keys.ts';
import type { RedisLimits } from './redis-limits.ts';
import { addWordsScript, reserveScript } from './redis-scripts.ts';
import type { ForeignIndex } from './store.ts';

/** The name under which the forms are kept beside the digests. */
const forms = foreignFormsKey.slice(foreignKey('').length);

/** The index of the Redis that is asked: `get` is for verifications, `admin` for changes. */
export function redisForeign(
  { get, admin, identity }: { get: Get; admin: Asker; identity: StoreIdentity },
  feed: Feed,
  limits: RedisLimits,
  monotonicMs: () => number,
  cache: CoherentLimits,
): ForeignIndex {
  const index = createCoherentIndex(
    async name => {
      const value = await get(foreignKey(name));
      if (value === null) await identity.confirmAbsence();
      return value ?? undefined;
    },
    feed,
    monotonicMs,
    cache,
  );
  const change = async <T>(name: string, write: (key: string) => Promise<T>): Promise<T> => {
    const key = foreignKey(name);
    const answer = await write(key);
    // Whoever made it may ask for it before the feed has told.
    index.forget(name);
    await acknowledge(admin, key, limits);
    return answer;
  };
  const words = (text: string | undefined) => text?.split(' ') ?? [];
  return {
    foreignForms() {
      const text = index.find(forms);
      return text instanceof Promise ? text.then(words) : words(text);
    },
    findForeign: digest => index.find(digest),
    async reserveForeign(added, entries) {
      // First the forms: what is reserved must be looked for.
      await change(forms, key => admin.run(addWordsScript, [key], [forms, ...added]));
      const reserved = entries.map(({ digest, tokenId }) =>
        change(digest, key => admin.run(reserveScript, [key], [digest, tokenId])),
      );
      return (await Promise.all(reserved)) as string[];
    },
  };
}
