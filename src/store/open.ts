/** Opens the store that a URL names. */

import type { CoherentLimits } from './coherent.ts';
import { openLmdb } from './lmdb.ts';
import { defaultLmdbLimits, type LmdbLimits } from './lmdb-tables.ts';
import type { RedisLimits } from './redis-limits.ts';
import type { Store } from './store.ts';

/** How a store is opened. */
export interface StoreOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of a store that is set up so that it may lose data. */
  onWarning?: (message: string) => void;
  /** Bounds that differ from the defaults. */
  lmdb?: Partial<LmdbLimits>;
  redis?: Partial<RedisLimits>;
  cache?: Partial<CoherentLimits>;
}

/**
 * Opens `lmdb:<folder>`, `redis://`, `redis-sentinel://` or `redis-cluster://` (or `rediss…` with TLS).
 * Throws on a URL that is wrong or a folder that cannot be used, not on a Redis that is down.
 */
export async function openStore(url: string, options: StoreOptions): Promise<Store> {
  const { now, onWarning, lmdb, redis, cache } = options;
  if (url.startsWith('lmdb:')) {
    const folder = url.slice('lmdb:'.length);
    if (folder === '') throw new Error('the store URL names no folder: lmdb:<folder>');
    return openLmdb(folder, now, { ...defaultLmdbLimits, ...lmdb }, onWarning);
  }
  // Loaded only where it is used: a deployment on the embedded store starts without it.
  const { openRedis } = await import('./redis.ts');
  return await openRedis(url, {
    now,
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(redis === undefined ? {} : { limits: redis }),
    ...(cache === undefined ? {} : { cache }),
  });
}
