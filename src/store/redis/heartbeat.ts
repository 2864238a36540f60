/**
 * Detects a deposed master that does not know it: a message must reach enough Redis replicas,
 * or its answers may be old. Active only where changes wait for Redis replicas too.
 */

import type { RedisAddress } from '../address.ts';
import { createLease } from '../feed.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { heartbeatChannel } from './keys.ts';
import type { RedisLimits } from './limits.ts';

/** A running check. */
export interface RedisHeartbeat {
  /** Whether, within the lease, a message of the server that is read from reached enough replicas. */
  isLive(): boolean;
  /** Age in milliseconds of the last such message. */
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
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const heartbeat = async () => {
    const askedAtMs = monotonicMs();
    // A message goes to the replicas as a write does, and is taken also where writes are refused: while
    // the memory is full, or a save has failed. Verification goes on then.
    const results = await client
      .pipeline()
      .publish(heartbeatChannel, '')
      .call('WAIT', String(ackReplicas), String(ackTimeoutMs))
      .info('server')
      .exec();
    const [[refused] = [], [, replicas] = [], [, info] = []] = results ?? [];
    const runId = runIdIn(info);
    if (runId === undefined) return;
    // The server that is read from must be the one whose replicas were waited for. After a failover
    // this connection may have stayed with the old master, which then follows the new one.
    if (runId !== runIdIn(await reader.info('server'))) return client.disconnect(true);
    if (refused || typeof replicas !== 'number' || replicas < ackReplicas) return;
    lease.renew(askedAtMs);
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

/** The id of a run of a Redis server, which no other run has. */
function runIdIn(info: unknown): string | undefined {
  return /^run_id:(\w+)/m.exec(String(info))?.[1];
}
