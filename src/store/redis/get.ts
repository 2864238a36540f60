/** Reads keys for verification, from a master only. */

import type { Asker } from './ask.ts';
import { type RedisClient, sendInTurn } from './client.ts';
import { type RedisHealth, roleOf } from './health.ts';

/** The value of a key, or null. Throws Unavailable. */
export type Get = (key: string) => Promise<string | null>;

/** Reads from the connected server, whatever its role. */
export function plainGet({ ask }: Asker): Get {
  return key => ask(client => client.get(key));
}

/**
 * Reads from a master only, because a deposed one can lag. If the last check that the server is a
 * master is older than the lease, its role is requested together with the key. (In a Cluster, Redis
 * replicas answer no reads.)
 */
export function masterGet({ ask }: Asker, redisState: RedisHealth, leaseMs: number): Get {
  return key =>
    ask(client => {
      sendInTurn(client);
      return redisState.masterMsAgo(client) < leaseMs ? client.get(key) : getWithRole(client, key);
    });
}

async function getWithRole(client: RedisClient, key: string): Promise<string | null> {
  const [role, text] = await Promise.all([roleOf(client), client.get(key)]);
  if (role !== 'master') throw new Error('the connected Redis is not the master');
  return text;
}
