/**
 * Plays many processes of Usher against one Redis: what one real process asks in some seconds at rest is recorded
 * by MONITOR, and asked again by as many connections as there shall be processes. Each also follows the
 * invalidations, as a process does.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { RedisServer } from '../processes.ts';
import { pause } from './redis-load.ts';

/** A command, as Redis' protocol has it, and when it was asked, in milliseconds from the start. */
interface Asked {
  atMs: number;
  bytes: Buffer;
}

/** What a process asked in a time. */
export interface Recording {
  lengthMs: number;
  asked: Asked[];
}

/** Records what is asked of a Redis in some seconds. */
export async function record({ port }: RedisServer, seconds: number): Promise<Recording> {
  const monitor = connect(port, '127.0.0.1');
  const lines = createInterface({ input: monitor });
  monitor.write('MONITOR\r\n');
  await once(lines, 'line');
  const began = performance.now();
  const asked: Asked[] = [];
  lines.on('line', line => {
    // What a script does is no command of the process.
    if (/^\+[\d.]+ \[\d+ lua\]/.test(line)) return;
    const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => plain(word));
    // The feed asks PING on a connection of its own, which only takes few commands.
    if (words.length > 0) asked.push({ atMs: performance.now() - began, bytes: command(words) });
  });
  await pause(seconds);
  monitor.destroy();
  return { lengthMs: seconds * 1000, asked };
}

/** A word of MONITOR's line without its escapes. */
function plain(word: string): Buffer {
  const text = word.replace(/\\(x[0-9a-f]{2}|.)/g, (_, escaped: string) => {
    if (escaped.length === 3) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    const named: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };
    return named[escaped] ?? escaped;
  });
  return Buffer.from(text, 'latin1');
}

/** A command in RESP. */
function command(words: readonly (string | Buffer)[]): Buffer {
  const parts = words.map(word => Buffer.from(word));
  return Buffer.concat([
    Buffer.from(`*${parts.length}\r\n`),
    ...parts.flatMap(part => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
  ]);
}

/** Starts `count` such processes, which go on until the program ends. */
export async function replay(
  { port }: Pick<RedisServer, 'port'>,
  { lengthMs, asked }: Recording,
  count: number,
  prefixes: readonly string[],
): Promise<void> {
  const follow = async () => {
    const feed = connect(port, '127.0.0.1');
    feed.write(command(['CLIENT', 'ID']));
    const [answer] = (await once(feed, 'data')) as [Buffer];
    const id = answer.toString().slice(1).trim();
    const tracked = prefixes.flatMap(prefix => ['PREFIX', prefix]);
    feed.write(command(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...tracked]));
    feed.write(command(['SUBSCRIBE', '__redis__:invalidate']));
    feed.resume();
  };
  const play = async (n: number) => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.resume();
    // The processes started at different times.
    const beganMs = performance.now() - (n / count) * lengthMs;
    let turn = 0;
    let next = asked.findIndex(({ atMs }) => atMs > (n / count) * lengthMs);
    if (next === -1) next = 0;
    const step = () => {
      const nowMs = performance.now() - beganMs;
      for (;;) {
        const { atMs, bytes } = asked[next] as Asked;
        const dueMs = turn * lengthMs + atMs;
        if (dueMs > nowMs) {
          setTimeout(step, dueMs - nowMs);
          return;
        }
        socket.write(bytes);
        next++;
        if (next === asked.length) {
          next = 0;
          turn++;
        }
      }
    };
    step();
  };
  for (let n = 0; n < count; n++) {
    await follow();
    await play(n);
  }
}
