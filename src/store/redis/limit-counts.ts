/** Shares the counts of limits in Redis, with one hash per counter that expires with its last slot. */

import type { LimitCounter, LimitDelta, LimitTotals, SlotCount } from '../limit-counts.ts';
import { Unavailable } from '../store.ts';
import type { Asker } from './ask.ts';
import { limitKey } from './keys.ts';
import { countLimitsScript } from './limit-script.ts';
import type { RedisLimits } from './limits.ts';

/** Creates the counter. */
export function redisLimitCounts(
  asker: Asker,
  limits: RedisLimits,
  isCluster: boolean,
): LimitCounter {
  const ask = async (replica: string, deltas: readonly LimitDelta[]) => {
    const keys = deltas.map(({ tokenId, counter }) => limitKey(tokenId, counter));
    const answers = await asker
      .run(countLimitsScript, keys, [`@${replica}`, ...deltas.map(textOf)])
      .catch(() => undefined);
    return deltas.map((_, n) => (Array.isArray(answers) ? totalsOf(answers[n]) : undefined));
  };
  return {
    async countLimits(replica, deltas) {
      const batches = isCluster ? Map.groupBy(deltas, ({ tokenId }) => tokenId).values() : [deltas];
      const asked = [...batches].flatMap(batch => inParts(batch, limits.limitBatch));
      const answers = await Promise.all(
        asked.map(async part => [part, await ask(replica, part)] as const),
      );
      const totals = new Map<LimitDelta, LimitTotals | undefined>(
        answers.flatMap(([part, found]) => part.map((delta, n) => [delta, found[n]] as const)),
      );
      const all = deltas.map(delta => totals.get(delta));
      if (all.length > 0 && all.every(each => each === undefined)) {
        throw new Unavailable('Redis did not take the counts of limits');
      }
      return all;
    },
  };
}

function inParts<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += size) parts.push(all.slice(from, from + size));
  return parts;
}

function textOf({ sequence, oldest, keepMs, added, known }: LimitDelta): string {
  const knownIn = new Map(known);
  const slots = added.flatMap(([slot, count]) => [slot, knownIn.get(slot) ?? 0, count]);
  return JSON.stringify([sequence, oldest, Math.ceil(keepMs), ...slots]);
}

/** The totals in an answer; those of a key that holds something else are unknown. */
function totalsOf(answer: unknown): LimitTotals | undefined {
  if (!Array.isArray(answer)) return undefined;
  const [broken, ...rest] = answer.map(Number);
  const slots: SlotCount[] = [];
  for (let n = 0; n + 1 < rest.length; n += 2) slots.push([rest[n] ?? 0, rest[n + 1] ?? 0]);
  return { slots, isBroken: broken !== 0 };
}
