/**
 * Notices a master that was replaced and does not know it: replicas must have a write of now, or what it
 * answers may be old. Only where a change is not acknowledged without replicas either.
 */

import { randomUUID } from 'node:crypto';
import type { RedisAddress } from '../address.ts';
import { createLease } from '../feed.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { heartbeatKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';

/** A beat that goes on until it is stopped. */
export interface RedisHeartbeat {
  /** Whether enough replicas followed the server that is read from, no longer ago than the lease. */
  isLive(): boolean;
  /** How long ago they did, in milliseconds. */
  ageMs(): number;
  stop(): void;
}

/**
 * Beats on a connection of its own, since waiting for replicas holds it up. In a Cluster the nodes see
 * to it themselves (cluster-node-timeout), and without replicas to wait for there is nothing to see.
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

  const beat = async () => {
    const askedAtMs = monotonicMs();
    const value = randomUUID();
    const results = await client
      .pipeline()
      .set(key, value, 'PX', leaseMs)
      .call('WAIT', String(ackReplicas), String(ackTimeoutMs))
      .exec();
    const replicas = results?.[1]?.[1];
    if (typeof replicas !== 'number' || replicas < ackReplicas) return;
    // The server that is read from must be the one whose replicas were waited for.
    if ((await reader.get(key)) === value) lease.renew(askedAtMs);
  };
  const again = async () => {
    await beat().catch(() => undefined);
    if (!stopped) timer = setTimeout(again, heartbeatMs).unref();
  };
  client.on('ready', () => void beat().catch(() => undefined));
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
