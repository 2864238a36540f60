/** Ends sessions of the API Manager in Redis. */

import type { EndedSessions } from '../store.ts';
import { acknowledge, presence } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { endedSessionKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { urgent } from './scripts.ts';

/** Also while the memory is full. Key: ended session. Argument: for how many milliseconds. */
const endScript = urgent(`return redis.call('SET', KEYS[1], '', 'PX', ARGV[1])`);

/** Creates the function. `now` is in milliseconds since 1970. */
export function redisEndSession(
  asker: Asker,
  limits: RedisLimits,
  now: () => number,
): EndedSessions['endSession'] {
  return async (id, until) => {
    const key = endedSessionKey(id);
    const leftMs = Math.max(1, Math.ceil(until - now()));
    await asker.run(endScript, [key], [leftMs]);
    await acknowledge(asker, limits, presence(key));
  };
}
