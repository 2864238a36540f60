/** A Redis server as the place of a store. */

import { type RedisServer, startRedis } from '../../store/redis/server.ts';
import type { Place } from '../place.ts';

/** Starts one. */
export async function redisPlace(options = {}): Promise<Place & { redis: RedisServer }> {
  const redis = await startRedis(options);
  return { redis, url: `redis://127.0.0.1:${redis.port}`, end: redis.stop };
}
