/** Counts the commands about records that Redis gets during a task, with MONITOR. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { importedFormsKey, importedKey, tokenKey } from '../../src/store/redis/keys.ts';

/** The number of calls per command, for commands that name a record or an imported token. */
export type Commands = Map<string, number>;

/**
 * Runs a task and counts the commands during it. Health checks of the store and the counting of
 * uses name no record, so they are not counted.
 */
export async function commandsOf(port: number, task: () => Promise<unknown>): Promise<Commands> {
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  // Without ioredis: it mistakes a line that arrives with the first answer for another answer.
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
    // MONITOR reports commands in order, so every earlier command was reported before this one.
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

/** The commands with their counts, as text. */
export function listed(counts: Commands): string {
  return [...counts].map(([name, calls]) => `${calls} ${name}`).join(', ') || 'none';
}

/** The number of all commands. */
export function totalOf(counts: Commands): number {
  return [...counts.values()].reduce((sum, calls) => sum + calls, 0);
}

function isRecordKey(key: string): boolean {
  // The feed subscribes to these prefixes, and tests its subscription with a probe key.
  const own = [importedFormsKey, tokenKey(''), importedKey('')];
  if (own.includes(key) || key.startsWith(tokenKey('probe:'))) return false;
  return key.startsWith(tokenKey('')) || key.startsWith(importedKey(''));
}
