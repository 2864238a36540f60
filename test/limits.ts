/** The limits of a server with default settings, and helpers to override some in a test. */

import type { CacheLimits } from '../src/caching/weighed-cache.ts';
import { type Limits, limitsOf } from '../src/server/limits.ts';
import { type Environment, readConfig } from '../src/settings/config.ts';
import type { StoreLimits } from '../src/store/open.ts';
import type { RedisLimits } from '../src/store/redis/limits.ts';
import { testSeal } from './seal.ts';

/** The limits of a server with these settings. */
export const limitsWith = (env: Environment): Limits => limitsOf(readConfig(env));

/** The limits of a server with default settings. */
export const defaultLimits = limitsWith({});

/** Default limits of the stores, with some overridden. */
export function storeLimits(
  some: { [K in keyof StoreLimits]?: Partial<StoreLimits[K]> } = {},
): StoreLimits {
  const { lmdb, redis, cache } = defaultLimits.store;
  return {
    lmdb: { ...lmdb, ...some.lmdb },
    // The Redis of a test is empty, and no other replica knew it.
    redis: { ...redis, claimWaitMs: 0, ...some.redis },
    cache: { ...cache, ...some.cache },
  };
}

/** Timeouts of Redis for tests of something else: its answers take as long as a busy machine needs. */
export const patient = {
  connectTimeoutMs: 10_000,
  readTimeoutMs: 10_000,
  adminTimeoutMs: 10_000,
  socketTimeoutMs: 10_000,
} as const satisfies Partial<RedisLimits>;

/** Default limits for `openRedis`, with some overridden, and the seal of tests. */
export function redisLimits(some: Partial<RedisLimits> = {}) {
  const { redis, cache } = storeLimits({ redis: some });
  return { limits: redis, cache, seal: testSeal };
}

/** Those of a cache that a test does not fill. */
export const roomy: CacheLimits = { bytesMax: 1_000_000, entriesMax: 100 };
