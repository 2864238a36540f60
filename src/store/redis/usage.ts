/** Counts uses of access tokens in Redis, with one hash per access token. */

import { usageDaysMax } from '../format/usage-days.ts';
import type { Usage, UsageCounter, UsageDelta } from '../store.ts';
import type { Asker } from './ask.ts';
import { usageKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { addUsageScript } from './scripts.ts';

/** Creates the counter. */
export function redisUsage(asker: Asker, limits: RedisLimits): UsageCounter {
  const add = ({ tokenId, date, count, lastUsedAt }: UsageDelta) =>
    asker.run(addUsageScript, [usageKey(tokenId)], [date, count, lastUsedAt, usageDaysMax]);
  return {
    async addUsage(deltas) {
      for (let from = 0; from < deltas.length; from += limits.usageBatch) {
        const batch = deltas.slice(from, from + limits.usageBatch);
        const added = await Promise.allSettled(batch.map(add));
        // Returns only the failed deltas, so that the others are not counted twice.
        const left = batch.filter((_, n) => added[n]?.status === 'rejected');
        if (left.length > 0) return [...left, ...deltas.slice(from + limits.usageBatch)];
      }
      return [];
    },
    usage: ids =>
      Promise.all(
        ids.map(async id => readUsage(await asker.ask(client => client.hgetall(usageKey(id))))),
      ),
  };
}

function readUsage({ lastUsedAt, ...counts }: Record<string, string>): Usage {
  const days = Object.fromEntries(Object.entries(counts).map(([day, n]) => [day, Number(n)]));
  return lastUsedAt === undefined ? { days } : { days, lastUsedAt: Number(lastUsedAt) };
}
