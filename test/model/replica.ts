/** A replica of Usher in the model: the real reader, feed, lease and verifier over simulated Redis. */

import { redisAddress } from '../../src/store/address.ts';
import { createCoherentReader } from '../../src/store/cache/coherent.ts';
import type { Feed } from '../../src/store/feed.ts';
import { asker } from '../../src/store/redis/ask.ts';
import { redisAudit } from '../../src/store/redis/audit.ts';
import { redisFeed } from '../../src/store/redis/feed/feed.ts';
import { masterGet } from '../../src/store/redis/get.ts';
import { redisHealth } from '../../src/store/redis/health.ts';
import { readToken } from '../../src/store/redis/list.ts';
import { type Changes, createChanges } from '../../src/transport/services/changes.ts';
import { createWatch } from '../../src/transport/services/watch.ts';
import { createWatchers } from '../../src/transport/services/watchers.ts';
import { createProofCache } from '../../src/verify/proof-cache.ts';
import { createVerify, type Verify } from '../../src/verify/verify.ts';
import { unlimited } from '../limiting/setup.ts';
import { defaultLimits, roomy } from '../limits.ts';
import { testRecords } from '../seal.ts';
import { keys } from '../verify/setup.ts';
import { prove } from './access-tokens.ts';
import { dataClient, type Network } from './clients.ts';

/** A replica of Usher. */
export interface Replica {
  network: Network;
  verify: Verify;
  feed: Feed;
  /** Its wall clock, and the history of its steps. */
  wall: { offsetMs: number; history: { atMs: number; offsetMs: number }[] };
  /** World time of the last failed read of the store, in milliseconds. */
  failedMs: number;
  /** The source of WatchInvalidations. */
  changes: Changes;
  watch: ReturnType<typeof createWatch>;
}

/** The wall clock at the start of the world, in milliseconds since 1970. */
export const wallStartMs = 1_700_000_000_000;

/** The network of each client that the mocked factory connects. */
export const networks = new WeakMap<object, Network>();

/** Bounds of its caches: few entries, since a cache takes its room when it is made. */
const few = { ...roomy, entriesMax: 20 };

/** Starts a replica; must be called in its process. */
export function startReplica(network: Network, staleMaxMs: number): Replica {
  const { world } = network;
  const target = redisAddress('redis://model');
  const reader = dataClient(network);
  networks.set(reader, network);
  const { pingIntervalMs } = defaultLimits.store.redis;
  const watch = redisHealth(
    [reader],
    { pingIntervalMs, staleMaxMs: 0 },
    world.now,
    async () => undefined,
    { measure: async () => undefined },
  );
  const reads = asker(reader, watch.failed, watch.unfit);
  const log = redisAudit(reads, defaultLimits.store.redis);
  const heartbeat = { isLive: () => true, ageMs: () => 0 };
  const continuity = { isSure: () => true, doubt: () => undefined };
  const followed = { target, reader, log, heartbeat, continuity };
  const feed = redisFeed(followed, defaultLimits.store.redis, world.now, () => undefined);
  const get = (id: string) =>
    readToken(masterGet(reads, watch, defaultLimits.store.redis.leaseMs), testRecords, id).catch(
      error => {
        replica.failedMs = world.now();
        throw error;
      },
    );
  // Small limits, so that watchers are reset as well.
  const changes = createChanges(feed, 4, world.now);
  const watchLimits = {
    leaseMs: defaultLimits.store.redis.leaseMs,
    heartbeatMs: 250,
  };
  const records = createCoherentReader({ get }, feed, world.now, {
    ...defaultLimits.store.cache,
    ...{ records: few, lastRecords: few, unknownIds: few, staleMaxMs },
  });
  const replica: Replica = {
    ...{ network, feed, changes },
    watch: createWatch({
      ...{ changes, records, limits: { ...watchLimits, idsMax: 2 }, monotonicMs: world.now },
      watchers: createWatchers({ watchersMax: 10, watchersPerCallerMax: 10 }),
    }),
    wall: { offsetMs: 0, history: [{ atMs: 0, offsetMs: 0 }] },
    failedMs: Number.NEGATIVE_INFINITY,
    verify: createVerify({
      records,
      findImported: async () => undefined,
      keys,
      prove,
      proofs: createProofCache(few),
      now: () => wallStartMs + world.now() + replica.wall.offsetMs,
      limits: defaultLimits.verify,
      tokenLimits: unlimited,
    }),
  };
  return replica;
}

/** The least and the greatest value of a replica's wall clock between two world times. */
export function wallBetween({ wall }: Replica, fromMs: number, toMs: number) {
  const offsets = wall.history
    .filter(({ atMs }, n) => atMs <= toMs && (wall.history[n + 1]?.atMs ?? toMs) >= fromMs)
    .map(({ offsetMs }) => offsetMs);
  return {
    least: wallStartMs + fromMs + Math.min(...offsets),
    greatest: wallStartMs + toMs + Math.max(...offsets),
  };
}
