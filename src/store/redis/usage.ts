/** Counts uses of access tokens in Redis, with one hash per access token. */

import { usageDaysMax } from '../format/usage-days.ts';
import type { Usage, UsageCounter, UsageDelta } from '../store.ts';
import type { Asker } from './ask.ts';
import { usageKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { addUsageScript } from './scripts.ts';

/**
 * Creates the counter. `isEnding` tells that the store is closed: no more is sent then, and what is left
 * is not added.
 */
export function redisUsage(
  asker: Asker,
  limits: RedisLimits,
  isCluster: boolean,
  isEnding: () => boolean,
): UsageCounter {
  /** Returns what was not added. */
  const add = async (deltas: UsageDelta[]): Promise<UsageDelta[]> => {
    const keys = deltas.map(({ tokenId }) => usageKey(tokenId));
    const args = deltas.flatMap(({ date, count, lastUsedAt, lastUsedFrom = '' }) => {
      return [date, count, lastUsedAt, lastUsedFrom];
    });
    const added = await asker
      .run(addUsageScript, keys, [usageDaysMax, ...args])
      .catch(() => undefined);
    return deltas.filter((_, n) => !Array.isArray(added) || added[n] !== 1);
  };
  // A stop waits for the last counts, and a call of the script for each of them takes more than twice as
  // long. In a Cluster each of them has another slot.
  const addBatch = async (batch: UsageDelta[]) => {
    if (!isCluster) return await add(batch);
    return (await Promise.all(batch.map(delta => add([delta])))).flat();
  };
  return {
    async addUsage(deltas) {
      for (let from = 0; from < deltas.length; from += limits.usageBatch) {
        if (isEnding()) return deltas.slice(from);
        const batch = deltas.slice(from, from + limits.usageBatch);
        // Returns only the failed deltas, so that the others are not counted twice.
        const left = await addBatch(batch);
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

function readUsage({ lastUsedAt, lastUsedFrom, ...counts }: Record<string, string>): Usage {
  const days = Object.fromEntries(Object.entries(counts).map(([day, n]) => [day, Number(n)]));
  return {
    days,
    ...(lastUsedAt !== undefined && { lastUsedAt: Number(lastUsedAt) }),
    ...(lastUsedFrom !== undefined && { lastUsedFrom }),
  };
}
