/** A server as a process of its own, which tests can kill or stop in its tracks. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secrets } from './run-server.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A running process. */
export interface ServerProcess {
  /** "host:port". */
  grpc: string;
  http: string;
  manager: string;
  adminToken: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Lets it hang: connections stay, nothing is answered. */
  pause(): void;
  /** Ends it, and removes what it kept. */
  stop(): Promise<void>;
}

/** Starts one on free ports, and waits until it is ready. */
export async function runServerProcess(env: Record<string, string> = {}): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-process-'));
  const child = spawn(process.execPath, [main, 'serve'], {
    env: {
      USHER_STORE: `lmdb:${folder}`,
      USHER_GRPC_LISTEN: '127.0.0.1:0',
      USHER_HTTP_LISTEN: '127.0.0.1:0',
      USHER_MANAGER_LISTEN: '127.0.0.1:0',
      USHER_LOG_LEVEL: 'silent',
      ...secrets,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const kill = async () => {
    process.off('exit', killNow);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const said = await firstWords(child.stdout);
  const find = (name: string) =>
    new RegExp(`^ *${name} +(?:http://)?(\\S+)$`, 'm').exec(said)?.[1] ?? '';
  return {
    grpc: find('gRPC'),
    http: find('HTTP'),
    manager: find('API Manager'),
    adminToken: secrets.USHER_ADMIN_TOKEN,
    kill,
    pause: () => void child.kill('SIGSTOP'),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function firstWords(out: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of out) {
    said += String(chunk);
    if (said.includes('API Manager')) return said;
  }
  throw new Error(`the server ended before it was ready: ${said}`);
}
