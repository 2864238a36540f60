/** Leaves a master that was replaced, even one that still answers, when a Sentinel tells of it. */

import { Redis } from 'ioredis';
import type { RedisAddress } from '../address.ts';
import { pause, type RedisClient } from './client.ts';
import type { RedisLimits } from './limits.ts';

/** What Sentinels publish when they have made another server the master. */
const channel = '+switch-master';

/**
 * Listens to the Sentinels of the URL, and has the clients connect to the new master. ioredis can do so
 * by itself (failoverDetector), but then ends a client for good if word comes while it is connecting,
 * and writes to stderr. Returns the function that ends it.
 */
export function followFailover(
  target: RedisAddress,
  clients: RedisClient[],
  limits: RedisLimits,
): () => void {
  if (target.topology !== 'sentinel') return () => undefined;
  const leave = (_channel: string, message: string) => {
    if (message.split(' ')[0] !== target.masterName) return;
    for (const client of clients) if (client.status === 'ready') client.disconnect(true);
  };
  const sentinels = target.nodes.map(address => {
    const sentinel = new Redis({
      ...address,
      ...(target.sentinelUsername === undefined ? {} : { username: target.sentinelUsername }),
      ...(target.sentinelPassword === undefined ? {} : { password: target.sentinelPassword }),
      ...(target.tls ? { tls: {} } : {}),
      protocol: 2,
      connectionName: 'usher-failover',
      connectTimeout: limits.connectTimeoutMs,
      disconnectTimeout: limits.disconnectTimeoutMs,
      keepAlive: limits.keepAliveMs,
      retryStrategy: attempt => pause(attempt, limits),
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      enableReadyCheck: false,
      autoResubscribe: true,
      lazyConnect: false,
    });
    sentinel.on('error', () => undefined);
    sentinel.on('message', leave);
    sentinel.subscribe(channel).catch(() => undefined);
    return sentinel;
  });
  return () => {
    for (const sentinel of sentinels) sentinel.disconnect();
  };
}
