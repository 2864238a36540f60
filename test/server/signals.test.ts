/** What signals do to the server and its workers, also those that a terminal or systemd sends to all of them. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { freePort } from '../free-port.ts';
import { startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { secrets } from './run-server.ts';
import { mainProgram, startUsherProcess, type UsherProcess, workerPids } from './usher-process.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function startWithWorkers(env: Record<string, string> = {}): Promise<UsherProcess> {
  const usher = await startUsherProcess({ USHER_WORKERS: '2', ...env });
  ends.push(() => usher.remove());
  return usher;
}

/** The processes that logged a message so far. */
const loggers = ({ log }: UsherProcess, message: string) =>
  new Set(log.filter(line => line.message === message).map(({ pid }) => pid));

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Workers on a Redis that stands still, with calls under way that wait for it. */
async function startWithCalls(count: number) {
  const redis = await startRedis();
  ends.push(() => redis.stop());
  const usher = await startWithWorkers({
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    ...{ USHER_STORE_TIMEOUT_MS: '60000', USHER_DEADLINE_MS: '30000' },
    ...{ USHER_GRACE_MS: '60000', USHER_MASTER_KEYS_RELOAD_MS: '3600000' },
  });
  const admin = adminOf(usher);
  const tokens = await Promise.all(
    Array.from({ length: count }, () => admin.create({ kind: Kind.STATIC, name: 'waits' })),
  );
  const workers = await workerPids(usher);
  redis.pause();
  const answers = await Promise.all(tokens.map(({ token }) => callUnderWay(usher.http, token)));
  return { usher, workers, redis, answers: answers.map(({ answer }) => answer) };
}

/** A call that a worker has begun; its answer is empty where there is none. */
async function callUnderWay(address: string, header: string): Promise<{ answer: Promise<string> }> {
  const [host = '', port] = address.split(':');
  const socket = connect(Number(port), host);
  let answer = '';
  socket.setEncoding('utf8').on('data', chunk => {
    answer += chunk;
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close').then(() => answer.replace(/^HTTP\/1.1 100.*\r\n\r\n/, ''));
  const body = JSON.stringify({ header });
  socket.write(
    'POST /usher.v1.VerifierService/Verify HTTP/1.1\r\nHost: usher\r\nExpect: 100-continue\r\n' +
      `Content-Type: application/json\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await until(() => answer.includes('100 Continue'));
  socket.write(body);
  return { answer: closed };
}

test('calls under way are answered where all processes get the signal, and more than once', async () => {
  const { usher, workers, redis, answers } = await startWithCalls(4);
  const exit = once(usher.child, 'exit');
  for (const pid of workers) process.kill(pid, 'SIGINT');
  usher.child.kill('SIGINT');
  await until(() => loggers(usher, 'stopping').size === 3);
  // The next ones come before the calls go on: each worker says so.
  for (const pid of workers) process.kill(pid, 'SIGINT');
  for (const pid of workers) if (isRunning(pid)) process.kill(pid, 'SIGUSR2');
  await until(
    () => loggers(usher, 'this signal does nothing').size === 2 || !workers.every(isRunning),
  );
  redis.resume();
  // Without a verdict where the pause took longer than the lease.
  for (const answer of answers) expect(await answer).toMatch(/^HTTP\/1.1 (200|503) /);
  expect(await exit).toEqual([0, null]);
});

test('a second signal ends the server at once, with its workers', async () => {
  const { usher, workers, answers } = await startWithCalls(1);
  const exit = once(usher.child, 'exit');
  usher.child.kill('SIGTERM');
  await until(() => loggers(usher, 'stopping').size === 3);
  usher.child.kill('SIGTERM');
  expect(await exit).toEqual([1, null]);
  expect(await answers[0]).toBe('');
  await until(() => !workers.some(isRunning));
});

test('workers end by themselves when the server is killed, and leave the ports', async () => {
  const usher = await startWithWorkers();
  const workers = await workerPids(usher);
  await usher.kill();
  await until(() => !workers.some(isRunning));
  await usher.start();
});

test('no other signal ends a process or opens a debugger; SIGHUP at a worker does nothing', async () => {
  const port = await freePort();
  const usher = await startWithWorkers({ NODE_OPTIONS: `--inspect-port=${port}` });
  const workers = await workerPids(usher);
  for (const pid of [usher.child.pid as number, ...workers]) {
    if (workers.includes(pid)) process.kill(pid, 'SIGHUP');
    process.kill(pid, 'SIGUSR1');
    process.kill(pid, 'SIGUSR2');
  }
  const told = () => usher.log.filter(({ message }) => message === 'this signal does nothing');
  await until(() => told().length === 6);
  expect(new Set(told().map(({ pid }) => pid)).size).toBe(3);
  const [problem] = await once(connect(port, '127.0.0.1'), 'error');
  expect(problem).toMatchObject({ code: 'ECONNREFUSED' });
  expect(await workerPids(usher)).toEqual(workers);
});

/** `usher serve` on a store of its own, with its output; it is not awaited. */
async function serve(env: Record<string, string | undefined>) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-signals-'));
  const http = `127.0.0.1:${await freePort()}`;
  const child: ChildProcess = spawn(process.execPath, [mainProgram, 'serve'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...{ PATH: process.env.PATH, ...secrets, USHER_STORE: `lmdb:${folder}` },
      ...{ USHER_GRPC_LISTEN: 'off', USHER_HTTP_LISTEN: http },
      ...{ USHER_MANAGER_LISTEN: 'off', USHER_METRICS_LISTEN: 'off', ...env },
    },
  });
  ends.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });
  const readyz = async () => (await fetch(`http://${http}/readyz`)).status;
  return { child, readyz };
}

test('SIGHUP during the start is remembered until there is something to read again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-fifo-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const fifo = join(folder, 'keys');
  execFileSync('mkfifo', [fifo]);
  const runs = join(folder, 'runs');
  writeFileSync(runs, '');
  const { child } = await serve({
    USHER_MASTER_KEYS: undefined,
    USHER_MASTER_KEYS_COMMAND: `echo >>${runs}; cat ${fifo}`,
  });
  let out = '';
  child.stdout?.on('data', chunk => {
    out += chunk;
  });
  const answerRun = async (run: number) => {
    await until(() => readFileSync(runs, 'utf8').length === run);
    await writeFile(fifo, secrets.USHER_MASTER_KEYS);
  };
  // While the command waits, the start is under way.
  await until(() => readFileSync(runs, 'utf8').length === 1);
  child.kill('SIGHUP');
  await answerRun(1);
  await answerRun(2);
  await until(() => out.includes('Usher is ready.'));
});

test('a server goes on where what it prints has no reader', async () => {
  const { child, readyz } = await serve({});
  child.stdout?.destroy();
  await until(async () => (await readyz()) === 200);
  // Asked twice: what it prints comes as it becomes ready.
  expect(await readyz()).toBe(200);
  expect(child.exitCode).toBeNull();
});
