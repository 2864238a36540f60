/** Counts what a Redis was asked for while something was done (INFO commandstats). */

import { Redis } from 'ioredis';

/** Commands that look after connections and unfinished changes: asked whether anybody calls or not. */
const upkeep = new Set(
  'ping info client hello auth select config command role time hvals exists subscribe'.split(' '),
);

/** Does something, and gives how often each command was asked for meanwhile, upkeep left out. */
export async function commandsOf(
  port: number,
  task: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  try {
    await redis.config('RESETSTAT');
    await task();
    const stats = await redis.info('commandstats');
    const counts = new Map<string, number>();
    for (const [, name = '', calls] of stats.matchAll(/^cmdstat_(\w+)[^:]*:calls=(\d+)/gm)) {
      if (!upkeep.has(name)) counts.set(name, (counts.get(name) ?? 0) + Number(calls));
    }
    return counts;
  } finally {
    redis.disconnect();
  }
}

/** Commands that count uses, once in a while, for many verdicts together. */
const counting = new Set(['evalsha', 'eval', 'hincrby', 'hset', 'hget', 'hlen', 'hkeys', 'hdel']);

/** How many commands were asked for that read records, and their names. */
export function readsAmong(counts: Map<string, number>): { total: number; names: string } {
  const reads = [...counts].filter(([name]) => !counting.has(name));
  return {
    total: reads.reduce((sum, [, calls]) => sum + calls, 0),
    names: reads.map(([name, calls]) => `${calls} ${name.toUpperCase()}`).join(', ') || 'none',
  };
}
