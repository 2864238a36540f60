/** Counts what a Redis was asked about records while something was done (MONITOR). */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { importedFormsKey, importedKey, tokenKey } from '../../src/store/redis/keys.ts';

/** How often each command was asked for that names a record or the digest of an imported token. */
export type Commands = Map<string, number>;

/**
 * Does something and counts meanwhile. What an open store asks for itself, such as whether Redis is
 * there and still the same, names no record and is not counted; neither is the counting of uses.
 */
export async function commandsOf(port: number, task: () => Promise<unknown>): Promise<Commands> {
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  // By hand: ioredis takes a line that comes with the first answer for the answer to a command.
  const monitor = connect(port, '127.0.0.1');
  const lines = createInterface({ input: monitor });
  try {
    const counts: Commands = new Map();
    const last = randomUUID();
    monitor.write('MONITOR\r\n');
    await once(lines, 'line');
    const seenAll = new Promise<void>(resolve => {
      lines.on('line', line => {
        const [command = '', ...args] = wordsOf(line);
        const name = command.toUpperCase();
        if (args[0] === last) resolve();
        else if (args.some(isRecordKey)) counts.set(name, (counts.get(name) ?? 0) + 1);
      });
    });
    await task();
    // Redis tells in the order in which it does: what it was asked for before, was told before.
    await redis.echo(last);
    await seenAll;
    return counts;
  } finally {
    monitor.destroy();
    redis.disconnect();
  }
}

/** The command and its arguments in a line of MONITOR, each in quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word);
}

/** The commands with their numbers, for people. */
export function listed(counts: Commands): string {
  return [...counts].map(([name, calls]) => `${calls} ${name}`).join(', ') || 'none';
}

/** How many commands there were. */
export function totalOf(counts: Commands): number {
  return [...counts.values()].reduce((sum, calls) => sum + calls, 0);
}

function isRecordKey(key: string): boolean {
  // The feed asks to be told of the prefixes, and proves with a probe that it is.
  const own = [importedFormsKey, tokenKey(''), importedKey('')];
  if (own.includes(key) || key.startsWith(tokenKey('probe:'))) return false;
  return key.startsWith(tokenKey('')) || key.startsWith(importedKey(''));
}
