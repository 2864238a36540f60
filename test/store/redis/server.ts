/** Starts and stops real Redis servers for tests, each in a new folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Certificates } from '../../certificates.ts';
import { freePort } from '../../free-port.ts';
import { program } from '../../program.ts';
import { until } from '../../until.ts';

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
  /** Serves TLS alone, and wants client certificates. */
  tls?: Certificates | undefined;
}

/** Starts a server and waits until it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'usher-redis-'));
  const file = join(folder, 'redis.conf');
  const { tls } = options;
  const ports = tls === undefined ? [`port ${port}`] : tlsLines(port, tls);
  const lines = [...ports, 'bind 127.0.0.1', `dir ${folder}`, ...(options.config ?? [])];
  if (!options.sentinel) {
    lines.push('save ""', ...(options.persistent ? ['appendonly yes', 'appendfsync always'] : []));
  }
  await writeFile(file, `${lines.join('\n')}\n`);

  let child: ChildProcess;
  const start = async () => {
    const args = [file, ...(options.sentinel ? ['--sentinel'] : [])];
    child = spawn(program('redis-server'), args, { stdio: 'ignore' });
    process.once('exit', killNow);
    // Another server on this port would also answer.
    const own = `process_id:${child.pid}\r\n`;
    await until(async () => String(await ask(port, ['INFO', 'server'], tls)).includes(own));
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
    send: (...command) => ask(port, command, tls),
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function tlsLines(port: number, { path }: Certificates): string[] {
  return [
    ...['port 0', `tls-port ${port}`, `tls-ca-cert-file ${path('ca.pem')}`],
    ...[`tls-cert-file ${path('server.pem')}`, `tls-key-file ${path('server-key.pem')}`],
    ...[`tls-client-cert-file ${path('client.pem')}`],
    ...[`tls-client-key-file ${path('client-key.pem')}`],
    ...['tls-auth-clients yes', 'tls-replication yes', 'tls-session-caching no'],
  ];
}

async function ask(
  port: number,
  [name, ...args]: (string | number)[],
  certificates?: Certificates,
): Promise<unknown> {
  const pem = (file: string) => readFileSync(certificates?.path(file) ?? '');
  const client = new Redis({
    port,
    host: '127.0.0.1',
    // The server's certificate may be one that no client should accept.
    ...(certificates === undefined
      ? {}
      : {
          tls: {
            rejectUnauthorized: false,
            cert: pem('client.pem'),
            key: pem('client-key.pem'),
          },
        }),
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

/** All keys but those that a feed writes to check that invalidations arrive, sorted. */
export async function keysOf(server: RedisServer): Promise<string[]> {
  const keys = (await server.send('KEYS', '*')) as string[];
  return keys.filter(key => !key.includes(':probe:')).sort();
}
