/** What a Redis did during a time: commands, CPU time, bytes sent. */

import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { cpuUsOf } from '../load.ts';
import type { RedisServer } from '../processes.ts';

/** The load of a Redis and of some processes. */
export interface Load {
  seconds: number;
  commands: number;
  redisUs: number;
  sentBytes: number;
  /** CPU of the processes. */
  us: number;
}

/** Measures the load while a task runs. */
export async function loadDuring(
  { port, pid }: RedisServer,
  pids: readonly number[],
  task: () => Promise<unknown>,
): Promise<Load> {
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  try {
    const stats = async () => {
      const info = await redis.info('stats');
      const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
      return {
        commands: read('total_commands_processed'),
        sentBytes: read('total_net_output_bytes'),
      };
    };
    const before = await stats();
    const [redisBefore, before_] = [cpuUsOf([pid]), cpuUsOf(pids)];
    const began = performance.now();
    await task();
    const seconds = (performance.now() - began) / 1000;
    const [redisUs, us] = [cpuUsOf([pid]) - redisBefore, cpuUsOf(pids) - before_];
    const after = await stats();
    return {
      seconds,
      // Without the INFO that ends the measurement.
      commands: after.commands - before.commands - 1,
      sentBytes: after.sentBytes - before.sentBytes,
      redisUs,
      us,
    };
  } finally {
    redis.disconnect();
  }
}

/** A load without what the same time costs at rest. */
export function without(load: Load, rest: Load): Load {
  const share = load.seconds / rest.seconds;
  return {
    seconds: load.seconds,
    commands: load.commands - rest.commands * share,
    redisUs: load.redisUs - rest.redisUs * share,
    sentBytes: load.sentBytes - rest.sentBytes * share,
    us: load.us - rest.us * share,
  };
}

/** Waits for some seconds: what is measured here is what happens in them. */
export function pause(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, seconds * 1000));
}

/** Memory that is not shared with files, in bytes. */
export function ownBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}
