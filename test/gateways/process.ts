/** Runs nginx, HAProxy, Traefik, Caddy and Envoy, each in a folder with its configuration. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../program.ts';
import { until } from '../until.ts';

/** The command that starts each program, in the folder of its files. */
export const commandOf = {
  envoy: () => [
    ...[program('envoy'), '-c', 'envoy.yaml'],
    ...['--disable-hot-restart', '--concurrency', '1', '-l', 'warn'],
  ],
  nginx: () => [program('nginx'), '-p', '.', '-c', 'nginx.conf'],
  traefik: () => [program('traefik'), '--configFile=traefik.yaml'],
  caddy: () => [program('caddy'), 'run', '--config', 'Caddyfile'],
  haproxy: () => [program('haproxy'), '-f', 'haproxy.cfg'],
} as const satisfies Record<string, () => string[]>;

/**
 * Starts a program in a folder of its own with these files, and waits until it is ready. Returns the
 * function that stops it.
 */
export async function startInFolder(
  name: string,
  command: readonly string[],
  files: Readonly<Record<string, string>>,
  isReady: (folder: string) => Promise<boolean>,
): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), `usher-${name}-`));
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  const [path = '', ...args] = command;
  const child = spawn(path, args, {
    cwd: folder,
    env: { HOME: folder, PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', data => {
    output += data;
  });
  child.stderr.on('data', data => {
    output += data;
  });
  const killNow = () => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const exited = once(child, 'exit');
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
    return await isReady(folder);
  });
  return async () => {
    process.off('exit', killNow);
    // A killed nginx would leave its workers behind.
    child.kill(name === 'nginx' ? 'SIGTERM' : 'SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
}
