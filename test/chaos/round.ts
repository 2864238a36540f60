/** Plays one fault once, and measures what it did. */

import type { Random } from '../model/random.ts';
import { until } from '../until.ts';
import type { Fault } from './faults/fault.ts';
import { findKept } from './kept.ts';
import { leaseMs, type World } from './world.ts';

/** What one fault did. */
export interface Round {
  wrong: string[];
  lost: string[];
  /** Access tokens whose change the store lost, and which Usher calls UNAVAILABLE for that. */
  named: number;
  /** What else must not be: the fault could not be played, or there was no recovery. */
  failed: string[];
  /** Longest time without a verdict on good tokens: at one replica, and for an SDK with all. */
  outageMs: { replica: number; sdk: number };
  /** From when the cause was being put right, until all was well. */
  recoveryMs: number;
  /** What /readyz said. */
  health: string[];
}

const lastsMs = 1.5 * leaseMs;
const recoveryMaxMs = 60_000;
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Plays a fault in a world in which all is well. */
export async function playRound(world: World, fault: Fault, random: Random): Promise<Round> {
  const { load, health, outages, story } = world;
  const failed: string[] = [];
  const attempt = async (task: () => unknown) => {
    try {
      await task();
    } catch (error) {
      const { message, cause } = error as Error;
      failed.push([message, (cause as Error | undefined)?.message].filter(Boolean).join(': '));
    }
  };
  const wrongBefore = load.wrong.length;
  await attempt(() => untilWell(world, performance.now()));
  health.begin();
  outages.begin();
  story.push(`-- ${fault.name} begins`);
  let endMs = performance.now();
  await attempt(async () => {
    const end = await fault.begin(world, random);
    await pause(fault.lastsMs ?? lastsMs);
    endMs = performance.now();
    story.push(`-- ${fault.name} ends`);
    await end();
  });
  await attempt(() => untilWell(world, endMs));
  const recoveryMs = performance.now() - endMs;
  story.push(`-- all is well ${recoveryMs.toFixed(0)} ms later`);
  const outageMs = { replica: outages.longestMs(/^replica/), sdk: outages.longestMs(/^sdk/) };
  // Caches that should have expired have expired now.
  await pause(leaseMs);
  const kept = await findKept(world, fault.isLossy === true);
  for (const each of kept.lost) story.push(`LOST: ${each}`);
  return {
    ...{ ...kept, failed, outageMs, recoveryMs, health: health.said() },
    wrong: load.wrong.slice(wrongBefore),
  };
}

/** Waits until each replica is ready, each door gives verdicts, and changes are acknowledged. */
async function untilWell({ load, health, outages }: World, sinceMs: number): Promise<void> {
  const created = load.created();
  await until(
    () =>
      health.areAllWellSince(sinceMs) &&
      outages.haveAllAnsweredSince(sinceMs) &&
      load.created() > created,
    recoveryMaxMs,
  );
}
