/** Records and documents that were changed by hand in Redis are found. */

import type { Collection } from '../../../src/store/documents.ts';
import { documentIdsKey, documentKey, tokenKey } from '../../../src/store/redis/keys.ts';
import { describeRecordProof, type Hand } from '../record-proof.ts';
import { redisPlace } from './place.ts';

async function redisHand(): Promise<Hand> {
  const { redis, url, end } = await redisPlace();
  const placeOf = (name: string): [collection: Collection | undefined, id: string] => {
    const [collection = '', id = ''] = name.split('/');
    return [collection === 'tokens' ? undefined : (collection as Collection), id];
  };
  const keyOf = (name: string) => {
    const [collection, id] = placeOf(name);
    return collection === undefined ? tokenKey(id) : documentKey(collection, id);
  };
  return {
    ...{ url, end, removed: /is missing; entry \d+ \((?:token|invitation)\.create\)/ },
    read: async name => [String(await redis.send('GET', keyOf(name)))],
    async write(name, [text = '']) {
      await redis.send('SET', keyOf(name), text);
      const [collection, id] = placeOf(name);
      if (collection !== undefined) await redis.send('ZADD', documentIdsKey(collection), '0', id);
    },
    remove: async name => void (await redis.send('DEL', keyOf(name))),
  };
}

describeRecordProof('Redis', redisHand, redisPlace);
