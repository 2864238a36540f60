/** Starts the processes of the benchmark, each pinned to a core. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { cores } from './load.ts';

/** The master key of every Usher here, so that stores can be filled before it starts. */
export const masterKey = { id: 'k1', bytes: randomBytes(32) };
const adminToken = randomBytes(32).toString('hex');

/** A running floor: the bare server that Usher is compared with. */
export interface Floor {
  pid: number;
  port: number;
  /** Ends the process, and waits for its end. */
  stop(): Promise<void>;
}

/** Starts the floor in `file` on the server's core, and waits until it has printed its port. */
export async function startFloor(file: string, ...args: string[]): Promise<Floor> {
  return await startProgram([process.execPath, file, ...args], {});
}

/** The same for any command, with JSON as its stdin. A program in Go gets one thread for its code. */
export async function startProgram(command: readonly string[], input: object): Promise<Floor> {
  const child = spawn('taskset', ['-c', cores.server, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, GOMAXPROCS: '1' },
  });
  endWithUs(child);
  child.stdin.end(JSON.stringify(input));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid as number, port: Number(line.toString()), stop: () => stop(child) };
}

/**
 * Runs a command, or the program in a file, on a core, with JSON as its stdin, and parses its stdout
 * as JSON. Throws if it fails; it has then told on stderr why.
 */
export async function runOn<T>(
  core: string,
  program: string | readonly string[],
  input: object,
): Promise<T> {
  const command = typeof program === 'string' ? [process.execPath, program] : program;
  const child = spawn('taskset', ['-c', core, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  endWithUs(child);
  child.stdin.end(JSON.stringify(input));
  const printed = await text(child.stdout);
  if (printed === '') throw new Error(`${command.at(-1)} failed`);
  return JSON.parse(printed) as T;
}

/** A running Usher. */
export interface Usher {
  pid: number;
  /** Address of the gRPC listener, as "host:port"; so are the next two. */
  grpc: string;
  http: string;
  manager: string;
  /** A token with scope usher.admin. */
  adminToken: string;
  /** From the start of the process to the first 200 of /readyz, in milliseconds. */
  startMs: number;
  /** Ends the process and deletes its store. */
  stop(): Promise<void>;
}

/**
 * Starts Usher and waits until it is ready; `env` can replace its own embedded store, and `checkout`
 * is the folder of its source.
 */
export async function startUsher(
  env: Record<string, string> = {},
  on: string = cores.server,
  checkout = '.',
): Promise<Usher> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  const [grpc, http, manager] = await Promise.all([freePort(), freePort(), freePort()]);
  const began = performance.now();
  const main = join(checkout, 'src/main.ts');
  const child = spawn('taskset', ['-c', on, process.execPath, main, 'serve'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: `lmdb:${folder}`,
      USHER_GRPC_LISTEN: `127.0.0.1:${grpc}`,
      USHER_HTTP_LISTEN: `127.0.0.1:${http}`,
      USHER_MANAGER_LISTEN: `127.0.0.1:${manager}`,
      USHER_METRICS_LISTEN: 'off',
      USHER_MASTER_KEYS: `${masterKey.id}:${masterKey.bytes.toString('base64')}`,
      USHER_ADMIN_TOKEN: adminToken,
      USHER_LOG_LEVEL: 'error',
      ...env,
    },
  });
  endWithUs(child);
  const isReady = () =>
    fetch(`http://127.0.0.1:${manager}/readyz`).then(
      answer => answer.ok,
      () => false,
    );
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error('Usher ended before it was ready');
  }
  return {
    pid: child.pid as number,
    grpc: `127.0.0.1:${grpc}`,
    http: `127.0.0.1:${http}`,
    manager: `127.0.0.1:${manager}`,
    adminToken,
    startMs: performance.now() - began,
    async stop() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The pids of the child processes of a process, such as Usher's workers. */
export function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}

/** A running Redis. */
export interface RedisServer {
  pid: number;
  port: number;
  /** Ends the process, and waits for its end. */
  stop(): Promise<void>;
}

/** Starts an empty Redis without persistence, by default on the core of the load. */
export async function startRedis(on: string = cores.load): Promise<RedisServer> {
  const port = await freePort();
  const config = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  config.push('--appendonly', 'no', '--maxmemory-policy', 'noeviction');
  const child = spawn('taskset', ['-c', on, 'redis-server', ...config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithUs(child);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  child.stdout.resume();
  return { pid: child.pid as number, port, stop: () => stop(child) };
}

/** Kills a process when this process exits, also after an error. */
export function endWithUs(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}

/** Ends a process with SIGTERM, and waits for its end. */
async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** A port that no program listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
