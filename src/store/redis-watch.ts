/** Keeps an eye on Redis: whether it answers, and whether it is set up to keep what it is given. */

import type { Redis } from 'ioredis';
import { type HealthSwitch, healthSwitch } from './health.ts';
import { masters, type RedisClient } from './redis-client.ts';
import { intentsKey } from './redis-keys.ts';

/** A health that is kept up to date until it is stopped. */
export interface RedisWatch {
  readonly health: HealthSwitch;
  /** Asks all clients at once whether Redis is there. */
  ping(): Promise<void>;
  stop(): void;
}

/** Pings all clients, so that a silent connection is noticed and made anew. */
export function redisWatch(clients: RedisClient[], intervalMs: number): RedisWatch {
  const health = healthSwitch(false);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const ping = async () => {
    const servers = clients.map(masters);
    const answers = await Promise.all(servers.flat().map(isThere));
    const up = servers.every(list => list.length > 0) && !answers.includes(false);
    if (!stopped) health.set(up);
  };
  const again = () => {
    timer = setTimeout(() => ping().finally(() => stopped || again()), intervalMs).unref();
  };
  again();
  for (const client of clients) client.on('ready', ping);

  return {
    health,
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
 * Reads a key rather than pings, which a node answers also when its Cluster is down. MOVED to another
 * node means that this one would have read it.
 */
async function isThere(server: Redis): Promise<boolean> {
  try {
    await server.exists(intentsKey);
    return true;
  } catch (error) {
    return error instanceof Error && error.message.startsWith('MOVED');
  }
}

/** Warns, on every new connection, of a Redis that throws data away when its memory is full. */
export function watchEviction(client: RedisClient, onWarning: (message: string) => void): void {
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
