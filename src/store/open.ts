/** Opens the store that an address names. */

import type { StoreAddress } from './address.ts';
import type { CoherentLimits } from './cache/limits.ts';
import type { LmdbLimits } from './lmdb/limits.ts';
import { openLmdb } from './lmdb/store.ts';
import type { RedisLimits } from './redis/limits.ts';
import type { Store } from './store.ts';

/** Bounds of the stores; each reads its own. */
export interface StoreLimits {
  lmdb: LmdbLimits;
  redis: RedisLimits;
  /** Of the cache before Redis. */
  cache: CoherentLimits;
}

/** How a store is opened. */
export interface StoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with a warning for the operator, such as a configuration that may lose data. */
  onWarning?: (message: string) => void;
  limits: StoreLimits;
}

/** Opens a store. Throws when the folder cannot be used; a Redis that is down is no error. */
export async function openStore(address: StoreAddress, options: StoreOptions): Promise<Store> {
  const { now, onWarning, limits } = options;
  if (address.kind === 'lmdb') {
    return openLmdb(address.folder, now, limits.lmdb);
  }
  // Loaded on use only: a deployment on the embedded store starts without the Redis client.
  const { openRedis } = await import('./redis/store.ts');
  return await openRedis(address, {
    now,
    ...(onWarning === undefined ? {} : { onWarning }),
    limits: limits.redis,
    cache: limits.cache,
  });
}
