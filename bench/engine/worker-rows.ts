/** The cost of a call with two workers, which share two cores with the load, against one worker. */

import { cores } from '../load.ts';
import { childrenOf } from '../processes.ts';
import type { Column, Row } from '../row.ts';
import { compareWithBase } from './compare.ts';
import { eachOf, type Shape, type Target, verifyCost } from './cost-rows.ts';
import { type Engine, type Program, startEngine, withStop } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

/** Enough connections for the kernel to spread them evenly over the workers. */
const shape: Shape = { connections: 64, streams: 4, calls: 40_000 };

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
        shape,
        effort,
      ),
      base: await verifyCost({ ...targetOf(one), pids: [one.pid] }, shape, effort),
    }));
    const outcomes = await inTurns(effort, tasks);
    const bound = { name: 'one worker', most: 1.1 };
    return compareWithBase('Verify with two workers, 64 x 4', 'µs', outcomes, bound);
  });
}

function targetOf({ address, tokens }: Program): Pick<Target, 'address' | 'token'> {
  return { address, token: tokens.static };
}
