/** The published promise on real servers, through every door, during one fault after the other. */

import { afterEach, expect, test } from 'vitest';
import { startUsherProcess, type UsherProcess, workerPids } from '../server/usher-process.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { doorsOf, sdkDoor } from './doors.ts';
import { type Load, startLoad } from './load.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

/**
 * Duration of a fault, in milliseconds: longer than the lease, so that caches must have expired.
 */
const faultMs = 3500;
const attemptsMax = 150;
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});
const ending = <T>(thing: T, end: (thing: T) => unknown): T => {
  cleaning.push(() => end(thing));
  return thing;
};

/** Stops Usher; a stop that takes too long gives exit code 1, and counts as a failure. */
const stopInOrder = async (usher: UsherProcess) => {
  const code = await usher.stop();
  await usher.remove();
  expect(code).toBe(0);
};

interface Replica {
  usher: UsherProcess;
  proxy: TcpProxy;
}

async function startReplica(redis: RedisServer): Promise<Replica> {
  const proxy = ending(await startProxy(redis.port), each => each.close());
  const env = { USHER_STORE: `redis://127.0.0.1:${proxy.port}` };
  const usher = ending(await startUsherProcess(env), stopInOrder);
  return { usher, proxy };
}

/** Begins a fault, and ends it after the lease has expired. */
async function during(load: Load, begin: () => unknown, end: () => unknown) {
  await begin();
  await pause(faultMs);
  await end();
  await load.recovered(attemptsMax);
  expect(load.wrong).toEqual([]);
}

test('three replicas on one Redis', { timeout: 180_000 }, async () => {
  const redis = ending(await startRedis({ persistent: true }), each => {
    each.resume();
    return each.stop();
  });
  const replicas = await Promise.all([1, 2, 3].map(() => startReplica(redis)));
  const [one, two, three] = replicas as [Replica, Replica, Replica];
  const ushers = replicas.map(({ usher }) => usher);
  const doors = [
    ...ushers.flatMap((usher, at) => doorsOf(`replica ${at}`, usher)),
    sdkDoor('from the first', 'grpc', ushers),
    sdkDoor('from the last', 'connect', ushers.toReversed()),
    sdkDoor('of the second', 'grpc', [two.usher]),
  ];
  const load = ending(await startLoad(doors, ushers), each => each.stop());
  const nothing = () => undefined;

  await during(load, () => one.proxy.cut('feed'), nothing);
  await during(load, () => two.proxy.cut('other'), nothing);
  await during(
    load,
    () => three.proxy.silence('feed', true),
    () => three.proxy.silence('feed', false),
  );
  await during(
    load,
    () => one.proxy.silence('other', true),
    () => one.proxy.silence('other', false),
  );
  await during(
    load,
    () => two.proxy.slow(100),
    () => two.proxy.slow(0),
  );
  await during(
    load,
    () => redis.pause(),
    () => redis.resume(),
  );
  await during(
    load,
    () => two.usher.pause(),
    () => two.usher.child.kill('SIGCONT'),
  );
  await during(
    load,
    () => three.usher.kill(),
    () => three.usher.start(),
  );
  await during(
    load,
    () => redis.kill(),
    () => redis.restart(),
  );
  expect(load.changes()).toBeGreaterThan(20);
  for (const door of doors) expect(load.verdicts.get(door.name) ?? 0).toBeGreaterThan(20);
});

test('two workers on the embedded store', { timeout: 90_000 }, async () => {
  const usher = ending(await startUsherProcess({ USHER_WORKERS: '2' }), stopInOrder);
  const doors = [
    ...doorsOf('worker', usher),
    ...doorsOf('worker too', usher),
    sdkDoor('one', 'grpc', [usher]),
    sdkDoor('two', 'connect', [usher]),
  ];
  const load = ending(await startLoad(doors, [usher]), each => each.stop());
  const [first = 0, second = 0] = await workerPids(usher);
  await during(
    load,
    () => process.kill(first, 'SIGSTOP'),
    () => process.kill(first, 'SIGCONT'),
  );
  await during(
    load,
    () => process.kill(second, 'SIGKILL'),
    () => undefined,
  );
  expect(load.changes()).toBeGreaterThan(10);
});
