/** Usher as a process of its own, as `npm start` runs it: it can be killed, frozen and started again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { secrets } from './run-server.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A line of the log. */
interface Line {
  message: string;
  [name: string]: unknown;
}

/** A process that serves. */
export interface UsherProcess {
  /** The one that runs now, or ran last. */
  readonly child: ChildProcess;
  /** "host:port", the same after a restart. */
  grpc: string;
  http: string;
  manager: string;
  adminToken: string;
  /** Lines of its log, as they come. */
  log: Line[];
  /** Resolves with the next line of the log with this message. */
  logged(message: string): Promise<Line>;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Lets it hang: connections stay, nothing is answered. */
  pause(): void;
  /** Asks it to stop; resolves to its exit code. */
  stop(): Promise<number | null>;
  /** Starts it again where it was, and waits until it is ready. */
  start(): Promise<void>;
  /** Kills it, and removes the embedded store that was its own. */
  remove(): Promise<void>;
}

/** Starts one, and waits until it says that it is ready. Without USHER_STORE its store is its own. */
export async function startUsherProcess(
  env: Record<string, string> = {},
  /** Shell commands to run in the process before it becomes Usher. */
  before = ':',
): Promise<UsherProcess> {
  const [grpc, http, manager] = (await Promise.all(
    Array.from({ length: 3 }, async () => `127.0.0.1:${await freePort()}`),
  )) as [string, string, string];
  const folder = mkdtempSync(join(tmpdir(), 'usher-process-'));
  const log: Line[] = [];
  let waiting: { message: string; resolve: (line: Line) => void }[] = [];
  let child: ChildProcess;
  const killNow = () => void child.kill('SIGKILL');

  const start = async () => {
    const started = spawn('sh', ['-c', `${before}; exec "$0" "$1" serve`, process.execPath, main], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        USHER_STORE: `lmdb:${folder}`,
        USHER_GRPC_LISTEN: grpc,
        USHER_HTTP_LISTEN: http,
        USHER_MANAGER_LISTEN: manager,
        ...secrets,
        ...env,
      },
    });
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

/** The processes that it started (proc(5)). */
export async function workerPids({ child: { pid } }: UsherProcess): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}
