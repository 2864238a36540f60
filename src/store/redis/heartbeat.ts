/**
 * Notices a master that was replaced and does not know it: replicas must have a write of now, or what it
 * answers may be old. Only where a change is not acknowledged without replicas either.
 */

import type { RedisAddress } from '../address.ts';
import { createLease } from '../feed.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { heartbeatChannel } from './keys.ts';
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
    if (refused || typeof replicas !== 'number' || replicas < ackReplicas) return;
    // The server that is read from must be the one whose replicas were waited for.
    const runId = runIdIn(info);
    if (runId !== undefined && runId === runIdIn(await reader.info('server'))) {
      lease.renew(askedAtMs);
    }
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
