/** Starts real gateways with exactly the configuration that `usher config` prints. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUsher } from '../cli/run-usher.ts';
import { freePort } from '../free-port.ts';
import { program } from '../program.ts';
import { until } from '../until.ts';
import { send } from './request.ts';

/** The command that starts each gateway, in the folder of its files. */
const commands = {
  envoy: startEnvoy,
  'envoy-http': startEnvoy,
  nginx: () => [program('nginx'), '-p', '.', '-c', 'nginx.conf'],
  traefik: () => [program('traefik'), '--configFile=traefik.yaml'],
  caddy: () => [program('caddy'), 'run', '--config', 'Caddyfile'],
  haproxy: () => [program('haproxy'), '-f', 'haproxy.cfg'],
} as const satisfies Record<string, () => string[]>;

function startEnvoy(): string[] {
  const quiet = ['--disable-hot-restart', '--concurrency', '1', '-l', 'warn'];
  return [program('envoy'), '-c', 'envoy.yaml', ...quiet];
}

/** A gateway, by the name that `usher config` takes. */
export type GatewayName = keyof typeof commands;

/** All gateways. */
export const gatewayNames = Object.keys(commands) as GatewayName[];

/** The addresses of Usher and of the service, and the requirement. */
export interface GatewayOptions {
  grpc: string;
  http: string;
  upstream: string;
  scope?: string;
  audience?: string;
  /** Changes the printed files, by name, before the gateway reads them. */
  change?(text: string, name: string): string;
}

/** A running gateway. */
export interface Gateway {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a gateway and waits until it answers. */
export async function startGateway(name: GatewayName, options: GatewayOptions): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), `usher-${name}-`));
  const port = await freePort();
  await writeConfig(name, folder, port, options);
  const [path = '', ...args] = commands[name]();
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
    return await answers(port);
  });
  return {
    port,
    async stop() {
      process.off('exit', killNow);
      // A killed nginx would leave its workers behind.
      child.kill(name === 'nginx' ? 'SIGTERM' : 'SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeConfig(
  name: GatewayName,
  folder: string,
  port: number,
  { grpc, http, upstream, scope, audience, change }: GatewayOptions,
): Promise<void> {
  const usher = name === 'envoy' ? { grpc } : { http };
  const flags = { ...usher, upstream, scope, audience, listen: `127.0.0.1:${port}` };
  const args = Object.entries(flags).flatMap(([flag, value]) =>
    value ? [`--${flag}`, value] : [],
  );
  const { code, out, err } = await runUsher(['config', name, '--json', ...args]);
  if (code !== 0) throw new Error(err);
  const { files } = JSON.parse(out) as { files: Record<string, string> };
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(folder, file), change ? change(text, file) : text);
  }
}

/** Traefik listens before it has read what to do; until then it answers 404. */
async function answers(port: number): Promise<boolean> {
  const { status } = await send(port);
  return status !== 404;
}
