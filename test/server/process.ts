/** Usher as a process of its own, as `npm start` runs it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../store/redis-server.ts';
import { secrets } from './run-server.ts';

export interface UsherProcess {
  child: ChildProcess;
  grpc: string;
  http: string;
  manager: string;
  adminToken: string;
  folder: string;
  /** Lines of its log, as they come. */
  log: { message: string; [name: string]: unknown }[];
  /** Resolves with the next line of the log with this message. */
  logged(message: string): Promise<Record<string, unknown>>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/** Starts it, and resolves when it says that it is ready. */
export async function startUsherProcess(
  env: Record<string, string> = {},
  folder = mkdtempSync(join(tmpdir(), 'usher-process-')),
  /** Shell commands to run in the process before it becomes Usher. */
  before = ':',
): Promise<UsherProcess> {
  const [grpc, http, manager] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = spawn('sh', ['-c', `${before}; exec "$0" src/main.ts serve`, process.execPath], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: `lmdb:${folder}`,
      USHER_GRPC_LISTEN: `127.0.0.1:${grpc}`,
      USHER_HTTP_LISTEN: `127.0.0.1:${http}`,
      USHER_MANAGER_LISTEN: `127.0.0.1:${manager}`,
      ...secrets,
      ...env,
    },
  });
  const log: UsherProcess['log'] = [];
  const waiting: { message: string; resolve: (line: Record<string, unknown>) => void }[] = [];
  createInterface({ input: child.stderr }).on('line', text => {
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as UsherProcess['log'][number];
    log.push(line);
    for (const [at, { message, resolve }] of [...waiting.entries()].reverse()) {
      if (line.message !== message) continue;
      waiting.splice(at, 1);
      resolve(line);
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', text => {
    if (text.startsWith('Next')) resolve();
  });
  child.once('exit', code => reject(new Error(`usher ended with ${code} before it was ready`)));
  await promise;
  return {
    child,
    grpc: `127.0.0.1:${grpc}`,
    http: `127.0.0.1:${http}`,
    manager: `127.0.0.1:${manager}`,
    adminToken: secrets.USHER_ADMIN_TOKEN,
    folder,
    log,
    logged: message =>
      new Promise(done => {
        waiting.push({ message, resolve: done });
      }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
