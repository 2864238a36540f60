/** Measures what a flood of invalid tokens does to callers with valid tokens, and to Redis. */

import { setTimeout as sleep } from 'node:timers/promises';
import { managerOf } from '../access-tokens.ts';
import { cores } from '../load.ts';
import { type RedisServer, runOn, startRedis, startUsher, type Usher } from '../processes.ts';
import { median, type Row } from '../row.ts';
import { commandsOf, listed, totalOf } from '../store/redis-commands.ts';
import type { Calls, CallsOutcome } from '../transport/http-caller.ts';
import { unknownToken } from './first-sight.ts';

const rounds = 9;
const knownTokens = 100;
const seconds = 2;
/** The flood begins this long before the calls with valid tokens and ends this long after them. */
const marginSeconds = 0.4;
const badTokens = 5000;
/** The shares of the server's capacity that the valid calls and the flood use. */
const knownShare = 0.1;
const floodShare = 0.5;
const ratioMax = 2;

/** The rows of the part "flood". */
export async function floodRows(): Promise<Row[]> {
  const redis = await startRedis();
  const usher = await startUsher({ USHER_STORE: `redis://127.0.0.1:${redis.port}` });
  try {
    const manager = managerOf(usher);
    const known: string[] = [];
    while (known.length < knownTokens) known.push((await manager.createStatic()).token);
    return [
      badRow(await latencies(usher, known, badHeaders, 401)),
      knownRow(await latencies(usher, known, count => repeated(known, count), 200)),
      ...(await commandRows(usher, redis)),
    ];
  } finally {
    await usher.stop();
    await redis.stop();
  }
}

const garbage = () => `garbage-${crypto.randomUUID()}`;

function badHeaders(count: number): string[] {
  return Array.from({ length: count }, (_, n) => (n % 2 === 0 ? garbage() : unknownToken()));
}

function repeated(headers: string[], count: number): string[] {
  return Array.from({ length: count }, (_, n) => headers[n % headers.length] as string);
}

/** The latency of valid calls without and with the flood. */
interface Latencies {
  /** Median over the rounds of the p99 with the flood, divided by the p99 without it. */
  ratio: number;
  aloneMs: number;
  floodedMs: number;
  perSecond: number;
  refused: number;
}

async function latencies(
  usher: Usher,
  known: string[],
  floodOf: (count: number) => string[],
  status: number,
): Promise<Latencies> {
  const capacity = await capacityOf(usher, floodOf, status);
  const perSecond = Math.floor(capacity * floodShare);
  const good: Calls = {
    ...callsTo(usher),
    headers: known,
    calls: Math.floor(capacity * knownShare * seconds),
    perSecond: capacity * knownShare,
    connections: 16,
    status: 200,
  };
  const alone: number[] = [];
  const flooded: number[] = [];
  const rates: number[] = [];
  let refused = 0;
  for (let round = -1; round < rounds; round++) {
    const headers = floodOf(Math.floor(perSecond * (seconds + 2 * marginSeconds)));
    const calls = headers.length;
    const quiet = await play(good);
    const flooding = play({
      ...callsTo(usher),
      headers,
      calls,
      perSecond,
      connections: 64,
      status,
    });
    await sleep(marginSeconds * 1000);
    // A separate process, so that its work for the flood is not measured as latency.
    const loud = await play(good);
    const flood = await flooding;
    process.stderr.write('.');
    refused += loud.unavailable;
    if (round < 0) continue;
    alone.push(quiet.p99Ms);
    flooded.push(loud.p99Ms);
    rates.push(flood.callsPerSecond);
  }
  return {
    ratio: median(flooded.map((p99Ms, n) => p99Ms / (alone[n] as number))),
    aloneMs: median(alone),
    floodedMs: median(flooded),
    perSecond: Math.round(median(rates)),
    refused,
  };
}

function badRow(latencies: Latencies): Row {
  const { ratio, refused } = latencies;
  return {
    what: 'p99 of known tokens during a flood of bad ones at half of capacity, against without the flood; Redis, GET /',
    measured: `${shown(latencies)} bad ones a second, ${refused} known tokens answered 503`,
    bound: `at most ${ratioMax} x`,
    pass: ratio <= ratioMax && refused === 0,
  };
}

/** For comparison: how much of the latency comes only from queueing behind other calls. */
function knownRow(latencies: Latencies): Row {
  return {
    what: 'the same during a flood of other known tokens at half of capacity',
    measured: `${shown(latencies)} of them a second`,
  };
}

function shown({ ratio, aloneMs, floodedMs, perSecond }: Latencies): string {
  return (
    `${ratio.toFixed(2)} x (${floodedMs.toFixed(2)} against ${aloneMs.toFixed(2)} ms) ` +
    `with ${perSecond.toLocaleString('en')}`
  );
}

/** The highest rate that the server reaches, in calls per second. */
async function capacityOf(
  usher: Usher,
  floodOf: (count: number) => string[],
  status: number,
): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < 4; round++) {
    const headers = floodOf(badTokens);
    const calls = headers.length;
    const order = { ...callsTo(usher), headers, calls, connections: 32, status };
    rates.push((await play(order)).callsPerSecond);
  }
  return median(rates.slice(1));
}

async function commandRows(usher: Usher, redis: RedisServer): Promise<Row[]> {
  const sorts: [what: string, make: () => string, commandsMax: number][] = [
    ['garbage tokens', garbage, 0],
    ['unknown tokens of the right form', unknownToken, badTokens],
  ];
  const rows: Row[] = [];
  for (const [what, make, commandsMax] of sorts) {
    const headers = Array.from({ length: badTokens }, make);
    // Each token is sent twice; the second time, no command should be needed.
    const calls = 2 * badTokens;
    const counts = await commandsOf(redis.port, () =>
      play({ ...callsTo(usher), headers, calls, connections: 32, status: 401 }),
    );
    rows.push({
      what: `commands to Redis for ${badTokens.toLocaleString('en')} ${what}, each sent twice`,
      measured: listed(counts),
      bound: commandsMax === 0 ? 'none' : 'at most one each',
      pass: totalOf(counts) <= commandsMax,
    });
  }
  return rows;
}

function callsTo({ http }: Usher): Pick<Calls, 'port' | 'path'> {
  return { port: Number(http.split(':')[1]), path: '/' };
}

async function play(calls: Calls): Promise<CallsOutcome> {
  return await runOn(cores.load, 'bench/transport/http-caller.ts', calls);
}
