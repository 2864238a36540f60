/** Opens the store that an address names. */

import type { StoreAddress } from './address.ts';
import type { CoherentLimits } from './cache/coherent.ts';
import type { Report } from './continuity/problems.ts';
import { openStateFile } from './continuity/state-file.ts';
import { openLmdb } from './lmdb/store.ts';
import { defaultLmdbLimits, type LmdbLimits } from './lmdb/tables.ts';
import type { RedisLimits } from './redis/limits.ts';
import type { Store } from './store.ts';

/** Options of openStore. */
export interface StoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with a warning for the operator, such as a configuration that may lose data. */
  onWarning?: (message: string) => void;
  /** Tells what is wrong with the store's content; absent to have it as warnings. */
  report?: Report;
  /** Path of the file that remembers the head of the log over a restart; absent for none. */
  stateFile?: string | undefined;
  /** Limits that differ from the defaults. */
  lmdb?: Partial<LmdbLimits>;
  redis?: Partial<RedisLimits>;
  cache?: Partial<CoherentLimits>;
}

/** Opens a store. Throws when the folder cannot be used; a Redis that is down is no error. */
export async function openStore(address: StoreAddress, options: StoreOptions): Promise<Store> {
  const { now, onWarning = () => undefined, report, lmdb, redis, cache } = options;
  const stateFile =
    options.stateFile === undefined ? undefined : openStateFile(options.stateFile, onWarning);
  if (address.kind === 'lmdb') {
    return openLmdb(
      address.folder,
      now,
      { ...defaultLmdbLimits, ...lmdb },
      onWarning,
      stateFile,
      report,
    );
  }
  // Loaded on use only: a deployment on the embedded store starts without the Redis client.
  const { openRedis } = await import('./redis/store.ts');
  return await openRedis(address, {
    now,
    onWarning,
    ...(stateFile === undefined ? {} : { stateFile }),
    ...(report === undefined ? {} : { report }),
    ...(redis === undefined ? {} : { limits: redis }),
    ...(cache === undefined ? {} : { cache }),
  });
}
