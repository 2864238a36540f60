/**
 * The cost of a call with two workers, which share two cores with the load, against one worker that shares
 * one core with half of it: a core of its own would make a call cheaper, however many workers there are.
 */

import { cores } from '../load.ts';
import { childrenOf } from '../processes.ts';
import type { Column, Row } from '../row.ts';
import { compareWithBase } from './compare.ts';
import { eachOf, type Shape, type Target, verifyCost } from './cost-rows.ts';
import { type Engine, type Program, startEngine, withStop } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

/** Enough connections to be spread evenly over the workers. */
const shapeOfTwo: Shape = { connections: 64, streams: 4, calls: 40_000 };
const shapeOfOne: Shape = { connections: 32, streams: 4, calls: 20_000 };

/** The row of workers. */
export async function workersRow(effort: Effort, engines: readonly Engine[]): Promise<Row> {
  const running: Program[] = [];
  return await withStop(running, async () => {
    const sides: { column: Column; one: Program; two: Program }[] = [];
    for (const engine of engines) {
      const one = await startEngine(engine);
      running.push(one);
      const two = await startEngine(engine, { USHER_WORKERS: '2' }, cores.both);
      running.push(two);
      sides.push({ column: engine.column, one, two });
    }
    const tasks = eachOf(sides, async ({ one, two }) => ({
      value: await verifyCost(
        { ...targetOf(two), pids: [two.pid, ...childrenOf(two.pid)], cores: cores.both },
        shapeOfTwo,
        effort,
      ),
      base: await verifyCost(
        { ...targetOf(one), pids: [one.pid], cores: cores.server },
        shapeOfOne,
        effort,
      ),
    }));
    const outcomes = await inTurns(effort, tasks);
    const bound = { name: 'one worker with half of it on one core', most: 1.1 };
    const what = 'Verify with two workers, 64 x 4, the load on their two cores';
    return compareWithBase(what, 'µs', outcomes, bound);
  });
}

function targetOf({ address, tokens }: Program): Pick<Target, 'address' | 'token'> {
  return { address, token: tokens.static };
}
