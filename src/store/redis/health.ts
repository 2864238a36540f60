/** Keeps an eye on Redis: whether it answers, and whether it is set up to keep what it is given. */

import type { Redis } from 'ioredis';
import { type HealthSwitch, healthSwitch } from '../health.ts';
import { masters, type RedisClient } from './client.ts';
import { intentsKey } from './keys.ts';

/** A health that is kept up to date until it is stopped. */
export interface RedisHealth {
  readonly health: HealthSwitch;
  /** Why what a client reads may be old: it is connected to what is no master any more. */
  unfit(client: RedisClient): string | undefined;
  /** How long ago a client's connection was asked, and was a master's; since it is connected. */
  masterMsAgo(client: RedisClient): number;
  /** Asks all clients at once whether Redis is there. */
  ping(): Promise<void>;
  stop(): void;
}

/**
 * Asks all clients again and again, so that a silent connection is noticed and made anew. Up is what
 * answers and is, says `isSame`, the store that it was.
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
      // Its name or the Sentinels may lead to the new master.
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
    unfit: client => (demoted.has(client) ? 'Redis is not the master any more' : undefined),
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
 * Reads a key rather than pings, which a node answers also when its Cluster is down. There, MOVED means
 * that this node would have read it, and a replica reads nothing; elsewhere one reads what may be old.
 */
async function isThere(server: Redis): Promise<'master' | 'replica' | 'away'> {
  try {
    const [role] = await Promise.all([roleOf(server), server.exists(intentsKey)]);
    return role;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('MOVED') ? 'master' : 'away';
  }
}

/** What is connected says that it is. A user who may not ask is believed to be connected to a master. */
export async function roleOf(server: RedisClient): Promise<'master' | 'replica'> {
  try {
    const reply = (await server.call('ROLE')) as [role: string];
    return reply[0] === 'slave' ? 'replica' : 'master';
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return 'master';
    throw error;
  }
}

/** Warns, on every new connection, of a Redis that throws data away when its memory is full. */
export function warnOfEviction(client: RedisClient, onWarning: (message: string) => void): void {
  const warned = new Set<string>();
  const warn = (message: string) => {
    if (!warned.has(message)) onWarning(message);
    warned.add(message);
  };
  client.on('ready', async () => {
    for (const server of masters(client)) {
      const info = await server.info('memory').catch(() => '');
      const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
      if (policy === undefined) {
        warn('cannot see the maxmemory-policy of Redis; it must be noeviction');
      } else if (policy !== 'noeviction') {
        warn(
          `the maxmemory-policy of Redis is ${policy}: access tokens may vanish; set noeviction`,
        );
      }
    }
  });
}
