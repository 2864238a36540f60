/** Measures one Redis beside hundreds of processes, which `replay.ts` plays: more than a machine can run. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { tokenKey } from '../../src/store/redis/keys.ts';
import { cores } from '../load.ts';
import { endWithUs, startRedis, startUsher } from '../processes.ts';
import type { Measured } from './checks.ts';
import { patient } from './measure-redis.ts';
import { type Load, loadDuring, pause, without } from './redis-load.ts';
import { type Recording, record } from './replay.ts';

/** Numbers of processes; the constants are from the largest, since they predict larger ones. */
const counts = { usual: [20, 100, 400], quick: [10, 40, 120] };
const restSeconds = 8;
const writes = 200;

/** What some processes cost a Redis in a second at rest, and for a write that invalidates the record in all. */
interface Many {
  count: number;
  commands: number;
  redisUs: number;
  sentBytes: number;
  toldRedisUs: number;
  toldBytes: number;
}

/** The constants of Redis beside many processes, and how well they predict fewer and more of them. */
export async function measureMany(isQuick: boolean): Promise<Measured> {
  const recording = await recordOne();
  const all: Many[] = [];
  for (const count of isQuick ? counts.quick : counts.usual) {
    all.push(await besideMany(count, recording));
  }
  const base = all.at(-1) as Many;
  const constants = {
    idleRedisUs: base.redisUs / base.count,
    toldRedisUs: base.toldRedisUs / base.count,
    toldBytes: base.toldBytes / base.count,
  };
  const checks = all
    .filter(each => each !== base)
    .flatMap(({ count, ...of }) => {
      const beside = (what: string, unit: string, predicted: number, measured: number) => ({
        ...{ what: `${count.toLocaleString('en')} played processes: ${what}`, unit },
        ...{ predicted, measured },
      });
      const ms = (us: number) => us / 1000;
      return [
        beside('CPU of Redis at rest', 'ms/s', ms(count * constants.idleRedisUs), ms(of.redisUs)),
        beside(
          'CPU of Redis for a change',
          'ms',
          ms(count * constants.toldRedisUs),
          ms(of.toldRedisUs),
        ),
        beside(
          'bytes of Redis for a change',
          'kB',
          (count * constants.toldBytes) / 1000,
          of.toldBytes / 1000,
        ),
      ];
    });
  return [constants, checks];
}

async function recordOne(): Promise<Recording> {
  const redis = await startRedis();
  const usher = await startUsher({ USHER_STORE: `redis://127.0.0.1:${redis.port}`, ...patient });
  try {
    await pause(3);
    return await record(redis, restSeconds);
  } finally {
    await usher.stop();
    await redis.stop();
  }
}

async function besideMany(count: number, recording: Recording): Promise<Many> {
  const redis = await startRedis(cores.server);
  // Its scripts and keys are what the recording refers to.
  const usher = await startUsher(
    { USHER_STORE: `redis://127.0.0.1:${redis.port}`, ...patient },
    cores.load,
  );
  await usher.stop();
  const command = [process.execPath, 'bench/scale/replayer.ts'];
  const child = spawn('taskset', ['-c', cores.load, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithUs(child);
  try {
    const asked = recording.asked.map(each => ({ ...each, bytes: each.bytes.toString('base64') }));
    const order = { port: redis.port, count, recording: { ...recording, asked } };
    child.stdin.write(`${JSON.stringify(order)}\n`);
    await once(child.stdout, 'data');
    await pause(2);
    const rest = await loadDuring(redis, [], () => pause(restSeconds));
    const told = without(await loadDuring(redis, [], () => writeMany(redis.port)), rest);
    const perSecond = (read: (load: Load) => number) => read(rest) / rest.seconds;
    return {
      count,
      commands: perSecond(load => load.commands),
      redisUs: perSecond(load => load.redisUs),
      sentBytes: perSecond(load => load.sentBytes),
      toldRedisUs: told.redisUs / writes,
      toldBytes: told.sentBytes / writes,
    };
  } finally {
    child.kill('SIGKILL');
    await redis.stop();
  }
}

/** Writes a record often, which each process gets an invalidation for. */
async function writeMany(port: number): Promise<void> {
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  for (let n = 0; n < writes; n++) await redis.set(tokenKey(crypto.randomUUID()), 'x');
  redis.disconnect();
}
