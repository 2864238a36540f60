/** The limits that a server has which sets nothing; tests override what they are about. */

import type { CacheLimits } from '../src/caching/weighed-cache.ts';
import { type Limits, limitsOf } from '../src/server/limits.ts';
import { type Environment, readConfig } from '../src/settings/config.ts';
import type { StoreLimits } from '../src/store/open.ts';
import type { RedisLimits } from '../src/store/redis/limits.ts';

/** Those of a server with these settings. */
export const limitsWith = (env: Environment): Limits => limitsOf(readConfig(env));

/** Those of a server without any. */
export const defaultLimits = limitsWith({});

/** Those of a store, with some of its own. */
export function storeLimits(
  some: { [K in keyof StoreLimits]?: Partial<StoreLimits[K]> } = {},
): StoreLimits {
  const { lmdb, redis, cache } = defaultLimits.store;
  return {
    lmdb: { ...lmdb, ...some.lmdb },
    redis: { ...redis, ...some.redis },
    cache: { ...cache, ...some.cache },
  };
}

/** Those of `openRedis`, with some of its own. */
export function redisLimits(some: Partial<RedisLimits> = {}) {
  const { redis, cache } = storeLimits({ redis: some });
  return { limits: redis, cache };
}

/** Those of a cache that a test does not fill. */
export const roomy: CacheLimits = { bytesMax: 1_000_000, entriesMax: 100 };
