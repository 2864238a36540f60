/** A replica of Usher in the model: the real reader, feed, lease and verifier over simulated Redis. */

import { redisAddress } from '../../src/store/address.ts';
import { createCoherentReader, defaultCoherentLimits } from '../../src/store/cache/coherent.ts';
import type { Feed } from '../../src/store/feed.ts';
import { asker } from '../../src/store/redis/ask.ts';
import { redisAudit } from '../../src/store/redis/audit.ts';
import { redisFeed } from '../../src/store/redis/feed/feed.ts';
import { masterGet } from '../../src/store/redis/get.ts';
import { redisHealth } from '../../src/store/redis/health.ts';
import { defaultRedisLimits } from '../../src/store/redis/limits.ts';
import { readToken } from '../../src/store/redis/list.ts';
import { type Changes, createChanges } from '../../src/transport/services/changes.ts';
import { createWatch } from '../../src/transport/services/watch.ts';
import { defaultVerifyLimits } from '../../src/verify/limits.ts';
import { createProofCache } from '../../src/verify/proof-cache.ts';
import { createVerify, type Verify } from '../../src/verify/verify.ts';
import { prove } from './access-tokens.ts';
import { dataClient, type Network } from './clients.ts';

/** A replica. */
export interface Replica {
  network: Network;
  verify: Verify;
  feed: Feed;
  /** Its wall clock, and the steps that it made. */
  wall: { offsetMs: number; history: { atMs: number; offsetMs: number }[] };
  /** When it last failed to read the store. */
  failedMs: number;
  /** WatchInvalidations, and what it tells of. */
  changes: Changes;
  watch: ReturnType<typeof createWatch>;
}

/** Where the wall clock stands at the start of the world. */
export const wallStartMs = 1_700_000_000_000;

/** The networks of the clients that the mocked factory is asked to connect. */
export const networks = new WeakMap<object, Network>();

/** Starts one; call it in its process. */
export function startReplica(network: Network, staleMaxMs: number): Replica {
  const { world } = network;
  const target = redisAddress('redis://model');
  const reader = dataClient(network);
  networks.set(reader, network);
  const { pingIntervalMs } = defaultRedisLimits;
  const watch = redisHealth([reader], pingIntervalMs, world.now, async () => true);
  const reads = asker(reader, () => watch.health.set(false), watch.unfit);
  const log = redisAudit(reads, defaultRedisLimits);
  const heartbeat = { isLive: () => true, ageMs: () => 0 };
  const continuity = { isSure: () => true, doubt: () => undefined };
  const followed = { target, reader, log, heartbeat, continuity };
  const feed = redisFeed(followed, defaultRedisLimits, world.now, () => undefined);
  const get = (id: string) =>
    readToken(masterGet(reads, watch, defaultRedisLimits.leaseMs), id).catch(error => {
      replica.failedMs = world.now();
      throw error;
    });
  // Little is kept and told at once, so that watchers are reset as well.
  const changes = createChanges(feed, 4, world.now);
  const watchLimits = { watchersMax: 10, leaseMs: defaultRedisLimits.leaseMs, heartbeatMs: 250 };
  const replica: Replica = {
    ...{ network, feed, changes },
    watch: createWatch({ changes, limits: { ...watchLimits, idsMax: 2 }, monotonicMs: world.now }),
    wall: { offsetMs: 0, history: [{ atMs: 0, offsetMs: 0 }] },
    failedMs: Number.NEGATIVE_INFINITY,
    verify: createVerify({
      records: createCoherentReader({ get }, feed, world.now, {
        ...defaultCoherentLimits,
        // Few: the caches take their room when they are made.
        ...{ entriesMax: 20, absentMax: 20, staleMaxMs },
      }),
      findImported: async () => undefined,
      prove,
      proofs: createProofCache(20),
      now: () => wallStartMs + world.now() + replica.wall.offsetMs,
      limits: defaultVerifyLimits,
    }),
  };
  return replica;
}

/** The least and the greatest value of a replica's wall clock in a stretch of time. */
export function wallBetween({ wall }: Replica, fromMs: number, toMs: number) {
  const offsets = wall.history
    .filter(({ atMs }, n) => atMs <= toMs && (wall.history[n + 1]?.atMs ?? toMs) >= fromMs)
    .map(({ offsetMs }) => offsetMs);
  return {
    least: wallStartMs + fromMs + Math.min(...offsets),
    greatest: wallStartMs + toMs + Math.max(...offsets),
  };
}
