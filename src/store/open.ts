/** Opens the store that an address names. */

import type { StoreAddress } from './address.ts';
import type { CoherentLimits } from './cache/limits.ts';
import { openStateFile } from './continuity/state-file.ts';
import type { LmdbLimits } from './lmdb/limits.ts';
import { openLmdb } from './lmdb/store.ts';
import type { RedisLimits } from './redis/limits.ts';
import type { OnBrokenRecord, RecordSeal } from './seal.ts';
import type { Store } from './store.ts';

/** Limits of the stores; each reads its own. */
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
  /** Called with news for the operator, such as the progress of a migration. */
  onNotice?: (message: string) => void;
  /** Called for each record that is read and is not as Usher wrote it. */
  onBroken?: OnBrokenRecord;
  /** Called when only a new process can use the store, with what is wrong. */
  onDead?: (problem: string) => void;
  /** Path of the file that remembers the head of the log over a restart; absent for none. */
  stateFile?: string | undefined;
  /** Signs and checks what the store holds. */
  seal: RecordSeal;
  /** The version of Usher, which operators see beside the other replicas'. */
  version?: string;
  limits: StoreLimits;
}

/**
 * Opens a store. Throws StoreUnusable when the folder cannot be used, and StoreMismatch when the
 * store is not one for this version and these master keys; a Redis that is down is no error.
 */
export async function openStore(address: StoreAddress, options: StoreOptions): Promise<Store> {
  const { limits, stateFile: path, onWarning = () => undefined, ...rest } = options;
  const stateFile = path === undefined ? undefined : openStateFile(path, onWarning);
  const common = { ...rest, onWarning, stateFile };
  if (address.kind === 'lmdb') {
    return openLmdb(address.folder, { ...common, limits: limits.lmdb });
  }
  // Loaded on use only: a deployment on the embedded store starts without the Redis client.
  const { openRedis } = await import('./redis/store.ts');
  return await openRedis(address, { ...common, limits: limits.redis, cache: limits.cache });
}
