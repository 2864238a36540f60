/** Real servers under load: Usher's processes, and the Redis of each topology. */

import { pathToFileURL } from 'node:url';
import { doorsOf, sdkDoor } from '../model/doors.ts';
import { type Load, startLoad } from '../model/load.ts';
import { startProxy, type TcpProxy } from '../model/proxy.ts';
import type { Random } from '../model/random.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import {
  type RedisCluster,
  type RedisSentinels,
  startCluster,
  startSentinels,
} from '../store/redis/topologies.ts';
import { type HealthWatch, watchHealth } from './health.ts';
import { type Outages, recordOutages } from './outages.ts';

/** Bound of a revocation in all worlds, in milliseconds: their USHER_LEASE_MS. */
export const leaseMs = 1000;

/** What all worlds have. */
export interface World {
  ushers: UsherProcess[];
  load: Load;
  health: HealthWatch;
  outages: Outages;
  /** What happened, the latest last. */
  story: string[];
  close(): Promise<void>;
}

/** Replicas on one Redis, each through a proxy of its own. */
export interface RedisWorld extends World {
  redis: RedisServer;
  proxies: TcpProxy[];
}

/** Replicas on a master and its Redis replica, behind three Sentinels. */
export interface SentinelWorld extends World {
  redis: RedisSentinels;
}

/** Replicas on a Cluster of three masters. */
export interface ClusterWorld extends World {
  cluster: RedisCluster;
}

const clock = pathToFileURL(new URL('clock.ts', import.meta.url).pathname).href;
const env = {
  USHER_LEASE_MS: String(leaseMs),
  USHER_CACHE_TTL_MS_MAX: String(leaseMs),
  USHER_GRACE_MS: '3000',
  NODE_OPTIONS: `--import=${clock}`,
};
const storyMax = 400;

/** A folder with two workers. */
export async function lmdbWorld(random: Random): Promise<World> {
  const usher = await startUsherProcess({ ...env, USHER_WORKERS: '2' });
  return await loaded([usher], random, async () => undefined);
}

/** One Redis that keeps every write (`aof`), or only what a SAVE has written (`dump`). */
export async function redisWorld(random: Random, disk: 'aof' | 'dump'): Promise<RedisWorld> {
  const redis = await startRedis({
    persistent: disk === 'aof',
    config: [
      'enable-debug-command yes',
      'enable-protected-configs yes',
      'rdbcompression no',
      'loading-process-events-interval-bytes 1024',
    ],
  });
  const proxies = await Promise.all([1, 2, 3].map(() => startProxy(redis.port)));
  const ushers = await start(proxies.map(({ port }) => `redis://127.0.0.1:${port}`));
  const world = await loaded(ushers, random, async () => {
    redis.resume();
    await Promise.all(proxies.map(proxy => proxy.close()));
    await redis.stop();
  });
  return { ...world, redis, proxies };
}

/** A master and its replica behind three Sentinels. */
export async function sentinelWorld(random: Random): Promise<SentinelWorld> {
  const redis = await startSentinels();
  const ushers = await start([redis.url, redis.url]);
  return { ...(await loaded(ushers, random, () => redis.stop())), redis };
}

/** Three masters. */
export async function clusterWorld(random: Random): Promise<ClusterWorld> {
  const cluster = await startCluster();
  const ushers = await start([cluster.url, cluster.url]);
  return { ...(await loaded(ushers, random, () => cluster.stop())), cluster };
}

const start = (urls: string[]) =>
  Promise.all(urls.map(url => startUsherProcess({ ...env, USHER_STORE: url })));

async function loaded(
  ushers: UsherProcess[],
  random: Random,
  closeStore: () => Promise<void>,
): Promise<World> {
  const story: string[] = [];
  const began = performance.now();
  const note = (text: string) => {
    story.push(`${((performance.now() - began) / 1000).toFixed(3)} ${text}`);
    if (story.length > storyMax) story.shift();
  };
  const outages = recordOutages();
  const health = watchHealth(ushers, note);
  const doors = [
    ...ushers.flatMap((usher, at) => doorsOf(`replica ${at}`, usher)),
    sdkDoor('first', 'grpc', ushers),
    sdkDoor('last', 'connect', ushers.toReversed()),
  ];
  const load = await startLoad(doors, ushers, {
    ...{ random, note, boundMs: leaseMs },
    onAsked: outages.onAsked,
  });
  return {
    ...{ ushers, load, health, outages, story },
    async close() {
      health.stop();
      for (const usher of ushers) usher.child.kill('SIGCONT');
      await Promise.all(ushers.map(usher => usher.remove()));
      await load.stop();
      await closeStore();
    },
  };
}
