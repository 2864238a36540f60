/** Starts the processes that are measured, each pinned to the server's core. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { cores } from './load.ts';

/** A running floor. */
export interface Floor {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

/** Starts a floor, which prints its port. */
export async function startFloor(file: string): Promise<Floor> {
  const child = spawn('taskset', ['-c', cores.server, process.execPath, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid as number, port: Number(line.toString()), stop: () => stop(child) };
}

/** Verdicts a second from the memory of the SDK, in a process on the load's core. */
export async function sdkRate(address: string, token: string): Promise<number> {
  const child = spawn('taskset', ['-c', cores.load, process.execPath, 'bench/sdk.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, USHER_ADDRESS: address, USHER_TOKEN: token },
  });
  return Number(await text(child.stdout));
}

/** A running Usher with an embedded store of its own. */
export interface Usher {
  pid: number;
  grpc: string;
  http: string;
  manager: string;
  adminToken: string;
  /** From the start of the process to the first 200 of /readyz, in milliseconds. */
  startMs: number;
  stop(): Promise<void>;
}

/** Starts Usher and waits until it is ready. */
export async function startUsher(env: Record<string, string> = {}): Promise<Usher> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  const [grpc, http, manager] = await Promise.all([freePort(), freePort(), freePort()]);
  const began = performance.now();
  const child = spawn('taskset', ['-c', cores.server, process.execPath, 'src/main.ts', 'serve'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: `lmdb:${folder}`,
      USHER_GRPC_LISTEN: `127.0.0.1:${grpc}`,
      USHER_HTTP_LISTEN: `127.0.0.1:${http}`,
      USHER_MANAGER_LISTEN: `127.0.0.1:${manager}`,
      USHER_LOG_LEVEL: 'error',
      ...env,
    },
  });
  const isReady = () =>
    fetch(`http://127.0.0.1:${http}/readyz`).then(
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
    adminToken: env.USHER_ADMIN_TOKEN ?? readFileSync(join(folder, 'admin-token'), 'utf8').trim(),
    startMs: performance.now() - began,
    async stop() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts an empty Redis that keeps nothing on disk. */
export async function startRedis(): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const config = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const child = spawn('redis-server', config, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  child.stdout.resume();
  return { port, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
