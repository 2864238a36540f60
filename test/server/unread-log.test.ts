/** A log that is not read keeps neither verdicts nor an exit waiting, and says what it lost. */

import { once } from 'node:events';
import { createReadStream, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../until.ts';
import { onSignal } from './throw-on-signal.ts';
import { startUsherProcess, type UsherProcess, workerPids } from './usher-process.ts';

type Env = Record<string, string>;
type Kind = 'a pipe' | 'a socket';

/** A server whose standard error is not read. */
interface Unread {
  usher: UsherProcess;
  /** Reads it from now on, into `usher.log`. */
  read(): void;
}

/** A path for a named pipe, which goes with the test. */
function pipePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'pipe');
}

/** The access log is more than pipes and sockets hold; a limit of 64 KiB and few other lines make it short. */
async function startUnread(kind: Kind, env: Env = {}): Promise<Unread> {
  const settings = {
    USHER_ACCESS_LOG: 'on',
    USHER_LOG_LEVEL: 'warn',
    USHER_LOG_BYTES_MAX: '65536',
    USHER_GRACE_MS: '500',
    ...env,
  };
  const pipe = pipePath();
  // Opened for reading too, so that it needs no reader.
  const before = kind === 'a pipe' ? `mkfifo '${pipe}'; exec 2<>'${pipe}'` : ':';
  const usher = await startUsherProcess(settings, before);
  onTestFinished(() => usher.remove());
  const { stderr } = usher.child;
  // What Node.js gives a child is a socket.
  stderr?.pause();
  return {
    usher,
    read() {
      if (kind === 'a socket') stderr?.resume();
      else {
        createInterface({ input: createReadStream(pipe) }).on('line', line => {
          usher.log.push(JSON.parse(line));
        });
      }
    },
  };
}

/** More lines than pipe, socket and limit hold. */
const many = 2000;

/** Calls, of which each has a line; expects an answer to each. */
async function call(usher: UsherProcess, count = many): Promise<void> {
  let begun = 0;
  const caller = async () => {
    while (begun++ < count) expect((await fetch(`http://${usher.http}/`)).status).toBe(401);
  };
  await Promise.all(Array.from({ length: 20 }, caller));
}

/** The counter of dropped lines. */
async function dropped(usher: UsherProcess): Promise<number> {
  const text = await (await fetch(`http://${usher.manager}/metrics`)).text();
  return Number(/^usher_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
}

/** What the lines of the log say: how many calls they show, and how many lines were dropped. */
function readLog({ log }: UsherProcess): { calls: number; reported: number } {
  const reports = log.filter(line => line.message.startsWith('lines of the log were dropped'));
  return {
    calls: log.filter(({ message }) => message === 'call').length,
    reported: reports.reduce((sum, line) => sum + Number(line.dropped), 0),
  };
}

describe.each<Kind>(['a pipe', 'a socket'])('%s that is not read', kind => {
  test('calls are answered, and the log goes on when it is read again', async () => {
    const { usher, read } = await startUnread(kind);
    await call(usher);
    expect((await fetch(`http://${usher.http}/healthz`)).status).toBe(200);
    const lost = await dropped(usher);
    expect(lost).toBeGreaterThan(0);
    read();
    await until(() => readLog(usher).reported >= lost);
    await call(usher, 1);
    // With the call for the metrics.
    await until(() => readLog(usher).calls + readLog(usher).reported >= many + 2);
    const { calls, reported } = readLog(usher);
    expect(calls + reported).toBe(many + 2);
    expect(await usher.stop()).toBe(0);
  });

  test('SIGTERM ends the server as ever', async () => {
    const { usher } = await startUnread(kind);
    await call(usher);
    expect(await usher.stop()).toBe(0);
  });

  test('an error that nothing caught ends it', async () => {
    const { usher } = await startUnread(kind, { NODE_OPTIONS: onSignal('throw error') });
    await call(usher);
    const exited = once(usher.child, 'exit');
    usher.child.kill('SIGUSR2');
    expect(await exited).toEqual([70, null]);
  });

  test('what waits at the end is there for one who reads then, up to the last line', async () => {
    const options = onSignal('throw error');
    const { usher, read } = await startUnread(kind, {
      NODE_OPTIONS: options,
      USHER_LOG_BYTES_MAX: '1048576',
    });
    await call(usher);
    const exited = once(usher.child, 'exit');
    read();
    usher.child.kill('SIGUSR2');
    expect(await exited).toEqual([70, null]);
    await until(() => usher.log.at(-1)?.level === 'fatal');
    expect(readLog(usher)).toEqual({ calls: many, reported: 0 });
  });
});

test('a program that shares the pipe, and has it block, holds nothing up', async () => {
  // libuv has each pipe that it hands to a child block, for all processes that have it.
  const start = "process.getBuiltinModule('child_process').spawn('true', { stdio: 'inherit' })";
  const { usher } = await startUnread('a pipe', { NODE_OPTIONS: onSignal(start) });
  usher.child.kill('SIGUSR2');
  await call(usher);
  expect(await usher.stop()).toBe(0);
});

test('workers answer too, also after one has died, and their lines are whole', async () => {
  const { usher, read } = await startUnread('a pipe', { USHER_WORKERS: '2' });
  await call(usher);
  const [first = 0, ...others] = await workerPids(usher);
  // With the same one, the start of each would have it block for a moment.
  const outputs = [usher.child.pid, first, ...others].map(pid => readlinkSync(`/proc/${pid}/fd/2`));
  expect(new Set(outputs).size).toBe(outputs.length);
  process.kill(first, 'SIGKILL');
  await until(async () => {
    const now = await workerPids(usher);
    return now.length > others.length && !now.includes(first);
  });
  await call(usher);
  const lost = await dropped(usher);
  expect(lost).toBeGreaterThan(0);
  read();
  await until(() => readLog(usher).reported >= lost);
  expect(await usher.stop()).toBe(0);
});

test('the last lines of workers arrive', async () => {
  const usher = await startUsherProcess({ USHER_WORKERS: '2' });
  onTestFinished(() => usher.remove());
  const workers = await workerPids(usher);
  const closed = once(usher.child, 'close');
  expect(await usher.stop()).toBe(0);
  await closed;
  const stopped = usher.log.filter(({ message }) => message === 'stopped').map(({ pid }) => pid);
  expect(stopped.slice(0, -1).toSorted()).toEqual(workers.toSorted());
  expect(stopped.at(-1)).toBe(usher.child.pid);
});

test('a reader that is gone costs the lines, which are counted, and a gone one of the standard output nothing', async () => {
  const { usher } = await startUnread('a socket');
  usher.child.stderr?.destroy();
  usher.child.stdout?.destroy();
  await call(usher, 100);
  expect(await dropped(usher)).toBeGreaterThanOrEqual(100);
  expect(await usher.stop()).toBe(0);
});

test('a start that fails ends although nothing is read', async () => {
  const pipe = pipePath();
  const before = `mkfifo '${pipe}'; exec 2<>'${pipe}'; head -c 65536 /dev/zero >&2`;
  const start = startUsherProcess({ USHER_WORKERS: 'many' }, before);
  await expect(start).rejects.toThrow('Usher ended with 78');
});

test('a start that fails says why', async () => {
  const start = startUsherProcess({ USHER_WORKERS: 'many' });
  await expect(start).rejects.toThrow(/ended with 78 before it was ready: usher: .*USHER_WORKERS/s);
});
