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
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of a store that is set up so that it may lose data. */
  onWarning?: (message: string) => void;
  limits: StoreLimits;
}

/** Opens a store. Throws on a folder that cannot be used; a Redis that is down is no error. */
export async function openStore(address: StoreAddress, options: StoreOptions): Promise<Store> {
  const { now, onWarning, limits } = options;
  if (address.kind === 'lmdb') {
    return openLmdb(address.folder, now, limits.lmdb, onWarning);
  }
  // Loaded only where it is used: a deployment on the embedded store starts without it.
  const { openRedis } = await import('./redis/store.ts');
  return await openRedis(address, {
    now,
    ...(onWarning === undefined ? {} : { onWarning }),
    limits: limits.redis,
    cache: limits.cache,
  });
}
