/** Starts and stops real Redis servers for tests, each in a new folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A running Redis server, or Sentinel. */
export interface RedisServer {
  readonly port: number;
  /** Kills the process with SIGKILL. */
  kill(): Promise<void>;
  /** Starts the server again, on the same port and folder. */
  restart(): Promise<void>;
  /** Pauses the process (SIGSTOP): connections stay open without answers. */
  pause(): void;
  resume(): void;
  /** Sends one command, and resolves to the answer. */
  send(...command: (string | number)[]): Promise<unknown>;
  /** Stops the server, and deletes its folder. */
  stop(): Promise<void>;
}

/** How a server is started. */
export interface RedisServerOptions {
  port?: number;
  /** Lines of its configuration. */
  config?: string[];
  /** Whether every write is on disk before its answer. */
  persistent?: boolean;
  sentinel?: boolean;
}

/** Starts a server and waits until it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'usher-redis-'));
  const file = join(folder, 'redis.conf');
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...(options.config ?? [])];
  if (!options.sentinel) {
    lines.push('save ""', ...(options.persistent ? ['appendonly yes', 'appendfsync always'] : []));
  }
  await writeFile(file, `${lines.join('\n')}\n`);

  let child: ChildProcess;
  const start = async () => {
    child = await spawnRedis([file, ...(options.sentinel ? ['--sentinel'] : [])]);
    process.once('exit', killNow);
    // Another server on this port would also answer.
    const own = `process_id:${child.pid}\r\n`;
    await until(async () => String(await ask(port, ['INFO', 'server'])).includes(own));
  };
  const killNow = () => void child.kill('SIGKILL');
  const kill = async () => {
    process.off('exit', killNow);
    await end(child);
  };
  await start();

  return {
    port,
    kill,
    restart: start,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    send: (...command) => ask(port, command),
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a condition holds; rejects after `whileMs` milliseconds. */
export async function until(isSo: () => Promise<boolean> | boolean, whileMs = 20_000) {
  const end = Date.now() + whileMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = error;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error('it did not come to be', { cause: last });
}

/**
 * A port that nobody listens on, nor on the one 10000 above, which a Cluster's node uses as well; below
 * those that the system gives to outgoing connections.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 9000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function spawnRedis(args: string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    child.once('spawn', () => resolve(child));
    child.once('error', cause =>
      reject(new Error('redis-server is missing: run scripts/setup.sh', { cause })),
    );
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

async function ask(port: number, [name, ...args]: (string | number)[]): Promise<unknown> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 1000,
    commandTimeout: 5000,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(String(name), args);
  } finally {
    client.disconnect();
  }
}
