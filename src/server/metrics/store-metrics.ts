/** The metrics of the store and its cache. */

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Lookups } from '../../caching/weighed-cache.ts';
import type { Store } from '../../store/store.ts';

/** The caches whose lookups are counted. */
type CountedCache = 'proven_headers' | 'records' | 'imported';

/** How an operation of the store ended. */
type OperationResult = 'done' | 'unavailable' | 'failed';

/** The metrics of the store. */
export interface StoreMetrics {
  /** The counts of a cache, which it raises itself. */
  lookups(cache: CountedCache): Lookups;
  /** Counts an operation of the store by its name in `Store`. */
  operation(name: string, result: OperationResult): void;
  /** Notes from when a change began to be written until the store announced it, in milliseconds. */
  propagated(ms: number): void;
  /** Shows the feed of invalidations; read when the metrics are. */
  feed(feed: Pick<Store['feed'], 'isLive' | 'lagMs'>): void;
}

/** Adds them to a registry. */
export function createStoreMetrics(registry: Registry): StoreMetrics {
  const registers = [registry];
  const caches = new Map<CountedCache, Lookups>();
  new Counter({
    name: 'usher_cache_lookups_total',
    help: 'Lookups in caches, by cache and result. A miss of proven_headers is proved from its record.',
    labelNames: ['cache', 'result'] as const,
    registers,
    collect() {
      this.reset();
      for (const [cache, { hits, misses }] of caches) {
        this.inc({ cache, result: 'hit' }, hits);
        this.inc({ cache, result: 'miss' }, misses);
      }
    },
  });
  const operations = new Counter({
    name: 'usher_store_operations_total',
    help: 'Operations of the store, without reads that a cache answered, by name and result.',
    labelNames: ['operation', 'result'] as const,
    registers,
  });
  const propagation = new Histogram({
    name: 'usher_change_propagation_seconds',
    help: 'From when this replica began to write a change until the store announced it to all replicas.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  let feed: Pick<Store['feed'], 'isLive' | 'lagMs'> | undefined;
  new Gauge({
    name: 'usher_feed_lag_seconds',
    help: 'How long ago the store confirmed that all changes until then were announced: the age of the lease.',
    aggregator: 'max',
    registers,
    collect() {
      const lagMs = feed?.lagMs() ?? Number.NaN;
      if (Number.isFinite(lagMs)) this.set(lagMs / 1000);
      else this.remove();
    },
  });
  new Gauge({
    name: 'usher_feed_live',
    help: '1 while cached records may be used, because invalidations arrive; otherwise 0.',
    aggregator: 'min',
    registers,
    collect() {
      if (feed !== undefined) this.set(feed.isLive() ? 1 : 0);
    },
  });
  return {
    lookups(cache) {
      const counts = caches.get(cache) ?? { hits: 0, misses: 0 };
      caches.set(cache, counts);
      return counts;
    },
    operation: (operation, result) => operations.inc({ operation, result }),
    propagated: ms => propagation.observe(ms / 1000),
    feed(next) {
      feed = next;
    },
  };
}
