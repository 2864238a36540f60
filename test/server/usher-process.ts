/** Usher as a process of its own, which a test can kill and start again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { freePort, until } from '../store/redis-server.ts';
import { secrets } from './run-server.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A process that serves. */
export interface UsherProcess {
  /** "host:port", the same after a restart. */
  http: string;
  manager: string;
  adminToken: string;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to stop; resolves to its exit code. */
  stop(): Promise<number | null>;
  /** Starts it again where it was, and waits until it is ready. */
  start(): Promise<void>;
}

/** Starts one on a store, and waits until it is ready. */
export async function startUsherProcess(
  store: string,
  env: Record<string, string> = {},
): Promise<UsherProcess> {
  const http = `127.0.0.1:${await freePort()}`;
  const manager = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess;
  const killNow = () => void child.kill('SIGKILL');
  const end = async (signal: NodeJS.Signals) => {
    process.off('exit', killNow);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  const start = async () => {
    child = spawn(process.execPath, [main, 'serve'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...secrets,
        USHER_STORE: store,
        USHER_GRPC_LISTEN: 'off',
        USHER_HTTP_LISTEN: http,
        USHER_MANAGER_LISTEN: manager,
        USHER_LOG_LEVEL: 'fatal',
        ...env,
      },
    });
    const errors = child.stderr === null ? Promise.resolve('') : text(child.stderr);
    process.once('exit', killNow);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`Usher ended: ${await errors}`);
      return (await fetch(`http://${http}/readyz`)).ok;
    });
  };
  await start();
  return {
    ...{ http, manager, adminToken: secrets.USHER_ADMIN_TOKEN },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    start,
  };
}
