/** Watches Redis: whether it answers, is the master, and is configured not to lose data. */

import type { Redis } from 'ioredis';
import { type HealthSwitch, healthSwitch } from '../health.ts';
import { masters, type RedisClient } from './client.ts';
import { intentsKey } from './keys.ts';

/** A running health check. */
export interface RedisHealth {
  /** Its result. */
  readonly health: HealthSwitch;
  /** Why a client must not be read from, because its server is no longer a master; or undefined. */
  unfit(client: RedisClient): string | undefined;
  /**
   * Age in milliseconds of the last check that found a client's present connection to be a
   * master's; Infinity when there is none.
   */
  masterMsAgo(client: RedisClient): number;
  /** Checks all clients now. Never rejects. */
  ping(): Promise<void>;
  /** Ends the checks; the store is down afterwards. */
  stop(): void;
}

/**
 * Checks all clients at an interval, which also detects a connection that went silent. The store is
 * up when all answer as masters and `isSame` says that Redis still holds the same store.
 */
export function redisHealth(
  clients: RedisClient[],
  intervalMs: number,
  monotonicMs: () => number,
  isSame: () => Promise<boolean>,
): RedisHealth {
  const health = healthSwitch(false);
  const masterAtMs = new WeakMap<RedisClient, number>();
  const demoted = new WeakSet<RedisClient>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (client: RedisClient): Promise<boolean> => {
    const askedAtMs = monotonicMs();
    const answers = await Promise.all(masters(client).map(isThere));
    if (answers.includes('replica')) {
      demoted.add(client);
      masterAtMs.delete(client);
    } else if (answers.includes('master')) {
      demoted.delete(client);
      masterAtMs.set(client, askedAtMs);
    }
    return answers.length > 0 && answers.every(answer => answer === 'master');
  };
  const ping = async () => {
    const up = await Promise.all(clients.map(look));
    const isUp = !up.includes(false) && (await isSame().catch(() => false));
    if (!stopped) health.set(isUp);
  };
  const again = () => {
    timer = setTimeout(async () => {
      await ping();
      if (stopped) return;
      // Reconnecting by host name or through Sentinels may find the new master.
      for (const client of clients) if (demoted.has(client)) client.disconnect(true);
      again();
    }, intervalMs).unref();
  };
  again();
  for (const client of clients) {
    client.on('ready', ping);
    client.on('close', () => masterAtMs.delete(client));
  }

  return {
    health,
    unfit: client =>
      demoted.has(client) ? 'the connected Redis is no longer the master' : undefined,
    masterMsAgo: client => monotonicMs() - (masterAtMs.get(client) ?? Number.NEGATIVE_INFINITY),
    ping,
    stop() {
      stopped = true;
      clearTimeout(timer);
      for (const client of clients) client.off('ready', ping);
      health.set(false);
    },
  };
}

/**
 * Reads a key, since PING is answered even while the Cluster is down. In a Cluster, MOVED shows
 * that the node answers reads, as a Redis replica does not. Elsewhere a Redis replica answers with
 * data that may be old, so ROLE is requested too.
 */
async function isThere(server: Redis): Promise<'master' | 'replica' | 'away'> {
  try {
    const [role] = await Promise.all([roleOf(server), server.exists(intentsKey)]);
    return role;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('MOVED') ? 'master' : 'away';
  }
}

/** The role that a server reports. Without the right to ROLE it is taken for a master. */
export async function roleOf(server: RedisClient): Promise<'master' | 'replica'> {
  try {
    const reply = (await server.call('ROLE')) as [role: string];
    return reply[0] === 'slave' ? 'replica' : 'master';
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return 'master';
    throw error;
  }
}
