/** Warns of a Redis whose configuration may lose data. */

import type { Redis } from 'ioredis';
import { masters, type RedisClient } from './client.ts';

/** Checks each master on every new connection, and tells each problem once. */
export function warnOfConfiguration(
  client: RedisClient,
  onWarning: (message: string) => void,
): void {
  const warned = new Set<string>();
  client.on('ready', async () => {
    for (const server of masters(client)) {
      for (const message of await problemsOf(server)) {
        if (!warned.has(message)) onWarning(message);
        warned.add(message);
      }
    }
  });
}

async function problemsOf(server: Redis): Promise<string[]> {
  const memory = await server.info('memory').catch(() => '');
  const persistence = await server.info('persistence').catch(() => '');
  return [evictionProblem(memory), await persistenceProblem(server, persistence)].filter(
    problem => problem !== undefined,
  );
}

function evictionProblem(memory: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (policy === undefined) {
    return 'cannot read the maxmemory-policy of Redis; it must be noeviction';
  }
  if (policy === 'noeviction') return undefined;
  return `the maxmemory-policy of Redis is ${policy}: access tokens may vanish; set noeviction`;
}

async function persistenceProblem(server: Redis, info: string): Promise<string | undefined> {
  const isOn = /^aof_enabled:(\d)/m.exec(info)?.[1];
  if (isOn === '0') {
    return (
      'Redis keeps no append-only file: after a crash it is as old as its last snapshot, and ' +
      'changes are lost; set appendonly yes and appendfsync always'
    );
  }
  // Often refused to a user like Usher's: it is a dangerous command.
  const fsync = await server.config('GET', 'appendfsync').then(configured, () => undefined);
  if (isOn === undefined || fsync === undefined || fsync === 'always') return undefined;
  const lost = fsync === 'everysec' ? 'the changes of the last second' : 'recent changes';
  return `Redis has appendfsync ${fsync}: a crash can lose ${lost}; set appendfsync always`;
}

function configured(reply: unknown): string | undefined {
  const value = Array.isArray(reply) ? reply[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}
