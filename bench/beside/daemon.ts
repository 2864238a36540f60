/** Runs a peer that is configured by files: in a folder of its own, on the server's core. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cores } from '../load.ts';
import { childrenOf, endWithUs } from '../processes.ts';

/** A running program. */
export interface Daemon {
  pid: number;
  folder: string;
  /** Its process and the children of that. */
  pids(): number[];
  /** Replaces a file at once, as editors and deployments do. */
  write(file: string, text: string): void;
  stop(): Promise<void>;
}

/** Texts by file name. */
type Files = Readonly<Record<string, string>>;

/** How long a program may take until it listens. */
const startMsMax = 60_000;

/** Writes files into a new folder, starts a program there, and waits until it listens on a port. */
export async function startDaemon(
  name: string,
  command: readonly string[],
  { files, port }: { files: Files | ((folder: string) => Files); port: number },
): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), `usher-bench-${name}-`));
  const texts = typeof files === 'function' ? files(folder) : files;
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, file), text);
  const child = spawn('taskset', ['-c', cores.server, ...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, GOMAXPROCS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  let output = '';
  const keep = (data: Buffer) => {
    output = (output + data.toString()).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const until = performance.now() + startMsMax;
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
    if (performance.now() > until) throw new Error(`${name} does not listen: ${output}`);
    await sleep(20);
  }
  const pid = child.pid as number;
  return {
    pid,
    folder,
    pids: () => [pid, ...childrenOf(pid)],
    write(file, text) {
      writeFileSync(join(folder, `${file}.new`), text);
      renameSync(join(folder, `${file}.new`), join(folder, file));
    },
    async stop() {
      child.kill('SIGTERM');
      const killed = setTimeout(() => child.kill('SIGKILL'), 2000);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(killed);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
