/**
 * Detects a deposed master that does not know it: a fresh write must reach enough Redis replicas,
 * or its answers may be old. Active only where changes wait for Redis replicas too.
 */

import { randomUUID } from 'node:crypto';
import type { RedisAddress } from '../address.ts';
import { createLease } from '../feed.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { heartbeatKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';

/** A running check. */
export interface RedisHeartbeat {
  /** Whether, within the lease, a write to the server that is read from reached enough replicas. */
  isLive(): boolean;
  /** Age in milliseconds of the last such write. */
  ageMs(): number;
  /** Ends the check. */
  stop(): void;
}

/**
 * Starts the check, on a connection of its own, since WAIT blocks it. Always live without replicas
 * to wait for, and in a Cluster, where a deposed master stops by itself (cluster-node-timeout).
 */
export function redisHeartbeat(
  target: RedisAddress,
  reader: RedisClient,
  limits: RedisLimits,
  monotonicMs: () => number,
): RedisHeartbeat {
  const { ackReplicas, ackTimeoutMs, heartbeatMs, leaseMs } = limits;
  if (ackReplicas === 0 || heartbeatMs === 0 || target.topology === 'cluster') {
    return { isLive: () => true, ageMs: () => 0, stop: () => undefined };
  }
  const commandTimeoutMs = limits.adminTimeoutMs + ackTimeoutMs;
  const client = redisClient(target, { name: 'usher-beat', commandTimeoutMs }, limits);
  const end = keepConnected(client, limits);
  const lease = createLease(leaseMs, monotonicMs);
  const key = heartbeatKey('read');
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const heartbeat = async () => {
    const askedAtMs = monotonicMs();
    const value = randomUUID();
    const results = await client
      .pipeline()
      .set(key, value, 'PX', leaseMs)
      .call('WAIT', String(ackReplicas), String(ackTimeoutMs))
      .exec();
    const replicas = results?.[1]?.[1];
    if (typeof replicas !== 'number' || replicas < ackReplicas) return;
    // The server that is read from must be the one whose replicas got the write.
    if ((await reader.get(key)) === value) lease.renew(askedAtMs);
  };
  const again = async () => {
    await heartbeat().catch(() => undefined);
    if (!stopped) timer = setTimeout(again, heartbeatMs).unref();
  };
  client.on('ready', () => void heartbeat().catch(() => undefined));
  void again();

  return {
    isLive: lease.isLive,
    ageMs: lease.ageMs,
    stop() {
      stopped = true;
      clearTimeout(timer);
      end();
    },
  };
}
