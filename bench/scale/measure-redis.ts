/** Measures what processes ask of one Redis: at rest, for a miss, and for a change, which is invalidated in all. */

import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { managerOf } from '../access-tokens.ts';
import { cores, cpuUsOf } from '../load.ts';
import {
  masterKey,
  type RedisServer,
  runOn,
  startRedis,
  startUsher,
  type Usher,
} from '../processes.ts';
import { fillRedis, usedMemory } from '../store/fill.ts';
import type { Calls, CallsOutcome } from '../transport/http-caller.ts';
import type { Measured } from './checks.ts';
import { type Load, loadDuring, ownBytes, pause, without } from './redis-load.ts';

/** What a fleet of processes did. */
interface Fleet {
  processes: number;
  /** In a second at rest. */
  rest: Load;
  /** In all changes, without what the time costs at rest. */
  changed: Load;
  changes: number;
  /** What Redis grew by a change, in bytes. */
  changeBytes: number;
  /** Memory of the first process at rest, in bytes. */
  ownBytes: number;
}

const restSeconds = 8;
const changes = 200;

/** The constants of the processes beside Redis, and how well they predict more of them. */
export async function measureFleets(): Promise<Measured> {
  const none = await quietRedis();
  const fleets: Fleet[] = [];
  for (const processes of [1, 2, 4]) fleets.push(await measureFleet(processes, none));
  const [one, two, four] = fleets as [Fleet, Fleet, Fleet];
  const perSecond = (value: number) => value / one.rest.seconds;
  const perChange = (value: number) => value / changes;
  const more = (read: (load: Load) => number) =>
    perChange(read(four.changed) - read(one.changed)) / 3;
  const told = {
    toldRedisUs: Math.max(
      0,
      more(load => load.redisUs),
    ),
    toldBytes: Math.max(
      0,
      more(load => load.sentBytes),
    ),
    toldUs: Math.max(
      0,
      more(load => load.us),
    ),
  };
  const constants = {
    idleCommands: perSecond(one.rest.commands),
    idleRedisUs: perSecond(one.rest.redisUs),
    idleUs: perSecond(one.rest.us),
    idleBytes: perSecond(one.rest.sentBytes),
    changeCommands: perChange(one.changed.commands),
    changeRedisUs: Math.max(0, perChange(one.changed.redisUs) - told.toldRedisUs),
    changeRedisBytes: one.changeBytes,
    processBytes: one.ownBytes,
    ...told,
  };
  const checks = [two, four].flatMap(fleet => {
    const n = fleet.processes;
    const rest = (what: string, unit: string, predicted: number, measured: number) => ({
      ...{ what: `${n} processes at rest: ${what}`, unit },
      ...{ predicted: n * predicted, measured: measured / fleet.rest.seconds },
    });
    return [
      rest('commands to Redis', '/s', constants.idleCommands, fleet.rest.commands),
      rest('CPU of Redis', 'µs/s', constants.idleRedisUs, fleet.rest.redisUs),
      rest('CPU of the processes', 'µs/s', constants.idleUs, fleet.rest.us),
    ];
  });
  checks.push(
    {
      what: 'a change beside 2 processes: commands to Redis',
      unit: '',
      predicted: constants.changeCommands,
      measured: perChange(two.changed.commands),
    },
    {
      what: 'a change beside 2 processes: CPU of Redis',
      unit: 'µs',
      predicted: constants.changeRedisUs + 2 * constants.toldRedisUs,
      measured: perChange(two.changed.redisUs),
    },
    {
      what: 'a change beside 2 processes: bytes that Redis sends',
      unit: 'B',
      predicted: perChange(one.changed.sentBytes) + constants.toldBytes,
      measured: perChange(two.changed.sentBytes),
    },
  );
  return [constants, checks];
}

/** What a Redis costs without any client but the one that measures. */
async function quietRedis(): Promise<Load> {
  const redis = await startRedis();
  try {
    return await loadDuring(redis, [], () => pause(restSeconds));
  } finally {
    await redis.stop();
  }
}

async function measureFleet(processes: number, none: Load): Promise<Fleet> {
  const redis = await startRedis();
  const ushers: Usher[] = [];
  try {
    for (let n = 0; n < processes; n++) {
      ushers.push(await startUsher({ USHER_STORE: `redis://127.0.0.1:${redis.port}`, ...patient }));
    }
    const pids = ushers.map(({ pid }) => pid);
    // The start has work of its own for a while.
    await pause(3);
    const rest = without(await loadDuring(redis, pids, () => pause(restSeconds)), none);
    const restBytes = ownBytes(pids[0] as number);
    const manager = managerOf(ushers[0] as Usher);
    const ids: string[] = [];
    for (let n = 0; n < changes; n++) ids.push((await manager.createStatic()).id);
    const before = await usedMemory(redis.port);
    const changed = await loadDuring(redis, pids, async () => {
      for (const id of ids) await manager.revoke(id);
    });
    const changeBytes = ((await usedMemory(redis.port)) - before) / changes;
    return {
      processes,
      rest,
      changed: without(without(changed, rest), none),
      changes,
      changeBytes,
      ownBytes: restBytes,
    };
  } finally {
    await Promise.all(ushers.map(usher => usher.stop()));
    await redis.stop();
  }
}

/** A busy machine does not answer within the default limits. */
export const patient = { USHER_STORE_TIMEOUT_MS: '5000' };

/** A process beside a Redis with access tokens, of which all tokens are known. */
export interface Filled {
  redis: RedisServer;
  usher: Usher;
  /** The tokens of all access tokens. */
  headers: string[];
  /** Memory of Redis for each access token, in bytes. */
  tokenBytes: number;
  /** Calls `GET /` once with each header; the CPU of Usher, in microseconds a call. */
  callEach(headers: readonly string[]): Promise<number>;
  stop(): Promise<void>;
}

/** Starts both, with `count` access tokens in Redis. */
export async function startFilled(count: number, env: Record<string, string>): Promise<Filled> {
  const redis = await startRedis();
  const before = await usedMemory(redis.port);
  const keys = createMasterKeys([masterKey]);
  const tokens = await fillRedis(redis.port, count, { keys, isKnown: () => true });
  const tokenBytes = ((await usedMemory(redis.port)) - before) / count;
  const store = `redis://127.0.0.1:${redis.port}`;
  const usher = await startUsher({ USHER_STORE: store, ...patient, ...env });
  const port = Number(usher.http.split(':')[1]);
  return {
    ...{ redis, usher, tokenBytes },
    headers: [...tokens.values()],
    async callEach(headers) {
      const cpu = cpuUsOf([usher.pid]);
      const calls: Calls = {
        ...{ port, path: '/', headers: [...headers], calls: headers.length },
        ...{ connections: 16, status: 200 },
      };
      const caller = 'bench/transport/http-caller.ts';
      const { unavailable } = await runOn<CallsOutcome>(cores.load, caller, calls);
      if (unavailable > 0) throw new Error(`${unavailable} calls were answered 503`);
      return (cpuUsOf([usher.pid]) - cpu) / headers.length;
    },
    async stop() {
      await usher.stop();
      await redis.stop();
    },
  };
}
