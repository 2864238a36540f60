/** Measures what SDKs that watch cost a server: memory, CPU of messages, bytes. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Writable } from 'node:stream';
import { managerOf } from '../access-tokens.ts';
import { cores, cpuUsOf } from '../load.ts';
import { endWithUs, startUsher } from '../processes.ts';
import type { Measured } from './checks.ts';
import { ownBytes, pause } from './redis-load.ts';

/** Numbers of watchers; the constants are from the largest, since they predict larger ones. */
const counts = { usual: [50, 500, 2000], quick: [10, 50, 200] };
const restSeconds = 5;
const changes = 20;

/** What some watchers cost. */
interface Watched {
  count: number;
  bytes: number;
  messagesPerSecond: number;
  usPerSecond: number;
  messageBytes: number;
  /** How many invalidations all watchers got together. */
  told: number;
}

/** The constants of watchers, and how well they predict fewer and more of them. */
export async function measureWatchers(isQuick: boolean): Promise<Measured> {
  const all: Watched[] = [];
  for (const count of isQuick ? counts.quick : counts.usual) all.push(await watch(count));
  const base = all.at(-1) as Watched;
  const constants = {
    watcherBytes: base.bytes / base.count,
    heartbeats: base.messagesPerSecond / base.count,
    messageBytes: base.messageBytes,
    messageUs: base.usPerSecond / base.messagesPerSecond,
  };
  const checks = all
    .filter(each => each !== base)
    .flatMap(({ count, ...of }) => {
      const beside = (what: string, unit: string, predicted: number, measured: number) => ({
        ...{ what: `${count.toLocaleString('en')} watchers: ${what}`, unit },
        ...{ predicted, measured },
      });
      return [
        beside('memory', 'MB', (count * constants.watcherBytes) / 2 ** 20, of.bytes / 2 ** 20),
        beside(
          'messages without changes',
          '/s',
          count * constants.heartbeats,
          of.messagesPerSecond,
        ),
        beside(
          'CPU without changes',
          'ms/s',
          (count * constants.heartbeats * constants.messageUs) / 1000,
          of.usPerSecond / 1000,
        ),
        beside(`told of ${changes} changes, all together`, '', count * changes, of.told),
      ];
    });
  return [constants, checks];
}

async function watch(count: number): Promise<Watched> {
  const usher = await startUsher({
    USHER_CONNECTIONS_MAX: '9000',
    USHER_CONNECTIONS_PER_SOURCE_MAX: '9000',
  });
  let clients: Clients | undefined;
  try {
    const manager = managerOf(usher);
    const ids: string[] = [];
    for (let n = 0; n < changes; n++) ids.push((await manager.createStatic()).id);
    await pause(2);
    const [alone, aloneUs] = [ownBytes(usher.pid), cpuUsOf([usher.pid])];
    await pause(restSeconds);
    const restUs = cpuUsOf([usher.pid]) - aloneUs;
    clients = await startWatchers(usher.grpc, count);
    await pause(3);
    const before = { ...(await clients.count()), us: cpuUsOf([usher.pid]), at: performance.now() };
    await pause(restSeconds);
    const after = { ...(await clients.count()), us: cpuUsOf([usher.pid]), at: performance.now() };
    const seconds = (after.at - before.at) / 1000;
    const messages = after.messages - before.messages;
    const bytes = ownBytes(usher.pid) - alone;
    for (const id of ids) await manager.revoke(id);
    await pause(2);
    const { changed } = await clients.count();
    return {
      ...{ count, bytes },
      messagesPerSecond: messages / seconds,
      usPerSecond: (after.us - before.us) / seconds - restUs / restSeconds,
      messageBytes: (after.bytes - before.bytes) / messages,
      told: changed,
    };
  } finally {
    clients?.stop();
    await usher.stop();
  }
}

/** Some watchers in a process of their own. */
interface Clients {
  /** All messages so far, their bytes, and the changes that they name. */
  count(): Promise<{ messages: number; bytes: number; changed: number }>;
  stop(): void;
}

async function startWatchers(address: string, count: number): Promise<Clients> {
  const command = [process.execPath, 'bench/scale/watchers.ts', address, String(count)];
  const child = spawn('taskset', ['-c', cores.load, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithUs(child);
  const lines = createInterface({ input: child.stdout });
  await nextLine(lines);
  return {
    async count() {
      (child.stdin as Writable).write('\n');
      return JSON.parse(await nextLine(lines));
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

async function nextLine(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}
