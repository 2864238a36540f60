/** Ends sessions of the API Manager in Redis. */

import type { EndedSessions } from '../store.ts';
import { acknowledge, presence } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { endedSessionKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';

/** Creates the function. `now` is in milliseconds since 1970. */
export function redisEndSession(
  asker: Asker,
  limits: RedisLimits,
  now: () => number,
): EndedSessions['endSession'] {
  return async (id, until) => {
    const key = endedSessionKey(id);
    const leftMs = Math.max(1, Math.ceil(until - now()));
    await asker.ask(client => client.set(key, '', 'PX', leftMs));
    await acknowledge(asker, limits, presence(key));
  };
}
