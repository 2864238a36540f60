/** Reads keys for verification: from what was just known to be a master, or says so with the answer. */

import type { Asker } from './ask.ts';
import type { RedisClient } from './client.ts';
import { type RedisHealth, roleOf } from './health.ts';

/** The value of a key, or null. Throws Unavailable. */
export type Get = (key: string) => Promise<string | null>;

/** Reads whatever server is connected. */
export function plainGet({ ask }: Asker): Get {
  return key => ask(client => client.get(key));
}

/**
 * Reads masters only. A server that was demoted answers with what is old, for as long as it has not
 * caught up; so the connection must have been a master's within the lease, or is asked with the key. (In
 * a Cluster a replica answers no reads.)
 */
export function masterGet({ ask }: Asker, watch: RedisHealth, leaseMs: number): Get {
  return key =>
    ask(client =>
      watch.masterMsAgo(client) < leaseMs ? client.get(key) : getWithRole(client, key),
    );
}

async function getWithRole(client: RedisClient, key: string): Promise<string | null> {
  const [role, text] = await Promise.all([roleOf(client), client.get(key)]);
  if (role !== 'master') throw new Error('what is connected is not the master');
  return text;
}
