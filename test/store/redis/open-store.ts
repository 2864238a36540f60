/** Opens the Redis store for tests, and closes what they opened. */

import { redisAddress } from '../../../src/store/address.ts';
import type { RedisLimits } from '../../../src/store/redis/limits.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { redisLimits } from '../../limits.ts';
import { until } from '../../until.ts';

/** A replica's store, and what it told the operator. */
interface OpenedStore {
  store: Store;
  warnings: string[];
}

/** Stores that one test opens. */
export interface OpenStores {
  /** Opens one, without waiting for it to be up. */
  open(url: string, limits?: Partial<RedisLimits>, now?: () => number): Promise<OpenedStore>;
  /** Opens one, and waits until it is up and its feed is live. */
  openUp(url: string, limits?: Partial<RedisLimits>, now?: () => number): Promise<OpenedStore>;
  close(): Promise<void>;
}

/** Creates it. */
export function openStores(): OpenStores {
  const opened: Store[] = [];
  const open: OpenStores['open'] = async (url, limits = {}, now = Date.now) => {
    const warnings: string[] = [];
    const store = await openRedis(redisAddress(url), {
      now,
      onWarning: message => warnings.push(message),
      // The tests' changes were made long ago.
      ...redisLimits({ tailMsMax: Number.MAX_SAFE_INTEGER, ...limits }),
    });
    const { health } = store;
    let wasUp = health.up;
    const note = () => {
      const lost = health.degraded.find(({ what }) => what === 'lost')?.detail;
      const text = health.reason ?? lost;
      if (wasUp && text !== undefined && warnings.at(-1) !== text) warnings.push(text);
      wasUp ||= health.up;
    };
    health.onChange(note);
    opened.push(store);
    return { store, warnings };
  };
  return {
    open,
    async openUp(url, limits, now) {
      const one = await open(url, limits, now);
      await until(() => one.store.health.up && one.store.feed.isLive());
      return one;
    },
    async close() {
      for (const store of opened.splice(0)) await store.close();
    },
  };
}

/** What a store says of an access token. */
export async function said(store: Store, id: string): Promise<string> {
  try {
    const { record } = await store.find(id);
    if (record === undefined) return 'unknown';
    return record.revokedAt === undefined ? 'good' : 'revoked';
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return 'unavailable';
  }
}
