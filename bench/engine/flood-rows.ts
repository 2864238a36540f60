/** What a flood of bad tokens at half of capacity does to callers with good ones; on Redis. */

import { setTimeout as sleep } from 'node:timers/promises';
import { managerOf } from '../access-tokens.ts';
import { type RedisServer, startRedis, type Usher } from '../processes.ts';
import { type Column, median, type Row } from '../row.ts';
import { unknownToken } from '../verify/first-sight.ts';
import { pace, playAnyway, type Token } from './caller.ts';
import { compareWithBase } from './compare.ts';
import { eachOf } from './cost-rows.ts';
import { type Engine, withStop } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

const goodTokens = 100;
const badTokens = 5000;
const seconds = 4;
/** The flood begins this long before the good calls and ends this long after them. */
const marginSeconds = 0.4;
/** The shares of the capacity for bad tokens that the good calls and the flood use. */
const goodShare = 0.1;
const floodShare = 0.5;

/** An engine, its good tokens, and its capacity for bad ones in calls per second. */
interface Side {
  column: Column;
  usher: Usher;
  good: readonly Token[];
  capacity: number;
  stop(): Promise<void>;
}

/** The row of the flood. */
export async function floodRow(effort: Effort, engines: readonly Engine[]): Promise<Row> {
  const redis = await startRedis();
  const sides: Side[] = [];
  return await withStop([redis], () =>
    withStop(sides, async () => {
      for (const engine of engines) sides.push(await sideOf(engine, redis));
      return await rowOf(effort, sides);
    }),
  );
}

async function sideOf({ column, start }: Engine, redis: RedisServer): Promise<Side> {
  const usher = await start({ USHER_STORE: `redis://127.0.0.1:${redis.port}` });
  const manager = managerOf(usher);
  const good: Token[] = [];
  while (good.length < goodTokens) {
    const { id, token } = await manager.createStatic();
    good.push({ header: token, id });
  }
  const rates: number[] = [];
  for (let round = 0; round < 4; round++) {
    const order = { tokens: bad(badTokens), calls: badTokens, connections: 32, streams: 4 };
    rates.push((await playAnyway({ address: usher.grpc, ...order })).callsPerSecond);
  }
  return { column, usher, good, capacity: median(rates.slice(1)), stop: usher.stop };
}

function bad(count: number): Token[] {
  return Array.from({ length: count }, (_, n) => ({
    header: n % 2 === 0 ? `garbage-${crypto.randomUUID()}` : unknownToken(),
    id: '',
  }));
}

async function rowOf(effort: Effort, sides: readonly Side[]): Promise<Row> {
  const tasks = eachOf(sides, async side => {
    const base = await goodCalls(side, effort);
    const flood = flooding(side, effort);
    await sleep(marginSeconds * 1000);
    const value = await goodCalls(side, effort);
    await flood;
    return { value, base };
  });
  const outcomes = await inTurns(effort, tasks);
  const rate = Math.round((sides.at(-1)?.capacity ?? 0) * floodShare).toLocaleString('en');
  const what = `p99 of good tokens during a flood of bad ones at half of capacity (${rate}/s), Redis`;
  return compareWithBase(what, 'ms', outcomes, { name: 'without the flood', most: 2 });
}

/** The p99 of calls with good tokens, in milliseconds. */
async function goodCalls(side: Side, { share }: Effort): Promise<number> {
  const perSecond = side.capacity * goodShare;
  const calls = Math.floor(perSecond * seconds * share);
  const order = { tokens: side.good, calls, connections: 8, streams: 100, perSecond };
  return (await pace({ address: side.usher.grpc, ...order })).p99Ms;
}

/** The flood comes from a process of its own, so that its work is not measured as latency. */
async function flooding({ usher, capacity }: Side, { share }: Effort): Promise<void> {
  const perSecond = capacity * floodShare;
  const tokens = bad(Math.floor(perSecond * (seconds * share + 2 * marginSeconds)));
  const order = { tokens, calls: tokens.length, connections: 32, streams: 100, perSecond };
  await pace({ address: usher.grpc, ...order });
}
