/** Disconnects from a deposed master, even one that still answers, when a Sentinel announces it. */

import { Redis } from 'ioredis';
import type { RedisAddress } from '../address.ts';
import { pause, type RedisClient } from './client.ts';
import type { RedisLimits } from './limits.ts';
import { tlsOptions } from './tls.ts';

/** Where Sentinels announce a new master. */
const channel = '+switch-master';

/**
 * Subscribes to the Sentinels of the address and reconnects the clients to a new master. ioredis
 * can do so (failoverDetector), but closes a client for good when the announcement arrives during
 * its connecting, and writes to stderr. Returns the function that ends it.
 */
export function followFailover(
  target: RedisAddress,
  clients: readonly RedisClient[],
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
      ...(target.tls ? { tls: tlsOptions(target) } : {}),
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
