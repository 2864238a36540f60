/** Usher as a separate process, like `npm start`: it can be killed, paused and restarted. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { engineEnv } from '../engine.ts';
import { freePort } from '../free-port.ts';
import { secrets } from './run-server.ts';

/** The program of this checkout. */
export const mainProgram = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A line of the log. */
interface Line {
  message: string;
  [name: string]: unknown;
}

/** A running Usher. */
export interface UsherProcess {
  /** The current process, or the last one. */
  readonly child: ChildProcess;
  /** "host:port", the same after a restart. */
  grpc: string;
  http: string;
  manager: string;
  adminToken: string;
  /** The lines of its log so far. */
  log: Line[];
  /** Resolves with the next line of the log with this message. */
  logged(message: string): Promise<Line>;
  /** Kills the process with SIGKILL. */
  kill(): Promise<void>;
  /** Pauses the process (SIGSTOP): connections stay open without answers. */
  pause(): void;
  /** Sends SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Starts the process again on the same ports and store, and waits until it is ready. */
  start(other?: OtherProgram): Promise<void>;
  /** Kills the process, and deletes its own embedded store. */
  remove(): Promise<void>;
}

/** Another version of Usher, which takes the place of the one before. */
export interface OtherProgram {
  /** Its path. */
  program: string;
  /** What its environment has instead of the other's; undefined removes a variable. */
  env: Record<string, string | undefined>;
}

/** Starts Usher and waits until it is ready. Without USHER_STORE it gets its own embedded store. */
export async function startUsherProcess(
  env: Record<string, string | undefined> = {},
  /** Shell commands to run in the process before it becomes Usher. */
  before = ':',
  /** The program to run with Node. */
  program = mainProgram,
): Promise<UsherProcess> {
  const [grpc, http, manager] = (await Promise.all(
    Array.from({ length: 3 }, async () => `127.0.0.1:${await freePort()}`),
  )) as [string, string, string];
  const folder = mkdtempSync(join(tmpdir(), 'usher-process-'));
  const log: Line[] = [];
  let waiting: { message: string; resolve: (line: Line) => void }[] = [];
  let child: ChildProcess;
  const killNow = () => void child.kill('SIGKILL');

  let current: OtherProgram = { program, env: {} };
  const start = async (other = current) => {
    current = other;
    const started = spawn(
      'sh',
      ['-c', `${before}; exec "$0" "$1" serve`, process.execPath, current.program],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env.PATH,
          USHER_STORE: `lmdb:${folder}`,
          USHER_GRPC_LISTEN: grpc,
          USHER_HTTP_LISTEN: http,
          USHER_MANAGER_LISTEN: manager,
          USHER_METRICS_LISTEN: 'off',
          ...secrets,
          ...engineEnv,
          ...env,
          ...current.env,
        },
      },
    );
    child = started;
    process.once('exit', killNow);
    started.once('exit', () => process.off('exit', killNow));
    let said = '';
    createInterface({ input: started.stderr }).on('line', text => {
      if (!text.startsWith('{')) {
        said += `${text}\n`;
        return;
      }
      const line: Line = JSON.parse(text);
      log.push(line);
      for (const { resolve } of waiting.filter(({ message }) => message === line.message)) {
        resolve(line);
      }
      waiting = waiting.filter(({ message }) => message !== line.message);
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    createInterface({ input: started.stdout }).on('line', text => {
      if (text.startsWith('Next')) resolve();
    });
    started.once('exit', (code, signal) => {
      reject(new Error(`Usher ended with ${code ?? signal} before it was ready: ${said}`));
    });
    await promise;
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  };
  await start();
  return {
    get child() {
      return child;
    },
    ...{ grpc, http, manager, adminToken: secrets.USHER_ADMIN_TOKEN, log },
    logged: message =>
      new Promise(resolve => {
        waiting.push({ message, resolve });
      }),
    kill: async () => void (await end('SIGKILL')),
    pause: () => void child.kill('SIGSTOP'),
    stop: () => end('SIGTERM'),
    start,
    async remove() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The pids of its worker processes (proc(5)). */
export async function workerPids({ child: { pid } }: UsherProcess): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}
