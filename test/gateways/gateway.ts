/** Starts real gateways with exactly the configuration that `usher config` prints. */

import { runUsher } from '../cli/run-usher.ts';
import { freePort } from '../free-port.ts';
import { commandOf, startInFolder } from './process.ts';
import { send } from './request.ts';

/** The command that starts each gateway, in the folder of its files. */
const commands = {
  envoy: commandOf.envoy,
  'envoy-http': commandOf.envoy,
  nginx: commandOf.nginx,
  traefik: commandOf.traefik,
  caddy: commandOf.caddy,
  haproxy: commandOf.haproxy,
} as const satisfies Record<string, () => string[]>;

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
  /** More options of `usher config`. */
  more?: readonly string[];
  /** More files in the gateway's folder, by name. */
  files?: Readonly<Record<string, string>>;
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
  const port = await freePort();
  const files = await configOf(name, port, options);
  const command = commands[name]();
  return { port, stop: await startInFolder(name, command, files, () => answers(port)) };
}

/** The printed files, by name. */
async function configOf(
  name: GatewayName,
  port: number,
  { grpc, http, upstream, scope, audience, more = [], files: others, change }: GatewayOptions,
): Promise<Record<string, string>> {
  const usher = name === 'envoy' ? { grpc } : { http };
  const flags = { ...usher, upstream, scope, audience, listen: `127.0.0.1:${port}` };
  const args = Object.entries(flags).flatMap(([flag, value]) =>
    value ? [`--${flag}`, value] : [],
  );
  const { code, out, err } = await runUsher(['config', name, '--json', ...args, ...more]);
  if (code !== 0) throw new Error(err);
  const { files } = JSON.parse(out) as { files: Record<string, string> };
  const changed = (file: string, text: string) => (change ? change(text, file) : text);
  const printed = Object.entries(files).map(([file, text]) => [file, changed(file, text)] as const);
  return { ...Object.fromEntries(printed), ...others };
}

/** Traefik listens before it has read what to do; until then it answers 404. */
async function answers(port: number): Promise<boolean> {
  const { status } = await send(port);
  return status !== 404;
}
