/** `usher config`: prints a complete gateway configuration with the addresses of this Usher. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { readSetting } from '../settings/config.ts';
import { makeFolder } from '../settings/make-folder.ts';
import { listen as readListen } from '../settings/values.ts';
import type { Context } from './context.ts';
import { optionsOf } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { filePath, gatewayTls, hostName, machineCa } from './gateway-tls.ts';
import { caddy } from './gateways/caddy.ts';
import { envoy, envoyHttp } from './gateways/envoy.ts';
import type { GatewayConfig, GatewaySettings } from './gateways/gateway.ts';
import { haproxy } from './gateways/haproxy.ts';
import { nginx } from './gateways/nginx.ts';
import { traefik } from './gateways/traefik.ts';
import { outJson } from './terminal.ts';

/** The supported gateways by the name of the argument. */
export const gateways: Readonly<Record<string, GatewayConfig>> = {
  envoy,
  'envoy-http': envoyHttp,
  nginx,
  traefik,
  caddy,
  haproxy,
};

interface Options {
  grpc?: string;
  http?: string;
  listen: string;
  upstream: string;
  scope?: string[];
  audience?: string;
  tls?: true;
  tlsCa?: string;
  tlsName?: string;
  tlsCert?: string;
  tlsKey?: string;
  callerToken?: string;
  out?: string;
}

/** Adds the command. */
export function addConfigCommand(program: Command, context: Context): void {
  program
    .command('config')
    .description("print a gateway's configuration that verifies every request with Usher")
    .argument('[gateway]', Object.keys(gateways).join(', '), gatewayName)
    .option('--grpc <address>', "Usher's gRPC address; otherwise USHER_GRPC_LISTEN", address)
    .option('--http <address>', "Usher's HTTP address; otherwise USHER_HTTP_LISTEN", address)
    .option('--listen <address>', 'where the gateway listens', address, '127.0.0.1:8000')
    .option('--upstream <address>', 'the service behind the gateway', address, '127.0.0.1:3000')
    .option('--scope <scope>', 'a scope that every token must have; several times', scopes)
    .option('--audience <audience>', 'the audience that every token must have', audience)
    .option('--tls', 'ask Usher over TLS; implied by the next options')
    .option(
      '--tls-ca <file>',
      `authorities of Usher's certificate; otherwise ${machineCa}`,
      filePath,
    )
    .option('--tls-name <host>', 'host name in it; otherwise the host of the address', hostName)
    .option('--tls-cert <file>', "the gateway's own certificate, for mutual TLS", filePath)
    .option('--tls-key <file>', 'the key of that certificate', filePath)
    .option('--caller-token <file>', 'file from which the gateway reads its own token', filePath)
    .option('--out <folder>', 'write the files there instead of printing them')
    .action((gateway: string | undefined, _, self: Command) => {
      const options = optionsOf<Options>(self);
      const make = gateway && Object.hasOwn(gateways, gateway) ? gateways[gateway] : undefined;
      if (gateway === undefined || !make) {
        throw new UsageError(`which gateway? one of ${Object.keys(gateways).join(', ')}`);
      }
      const files = make(settingsOf(context, gateway, options));
      if (options.out !== undefined) writeFiles(context, options.out, files);
      if (options.out !== undefined && options.json) {
        outJson(context.terminal, { written: Object.keys(files) });
      } else if (options.out !== undefined) return;
      else if (options.json) outJson(context.terminal, { files });
      else context.terminal.out(filesText(files).trimEnd());
    });
}

/** Takes any name, and tells shells the good ones. */
const gatewayName = Object.assign((name: string) => name, { words: Object.keys(gateways) });

/** The concatenated files; several ones have their names as headings. */
export function filesText(files: Readonly<Record<string, string>>): string {
  const entries = Object.entries(files);
  if (entries.length === 1) return entries.map(([, text]) => text).join('');
  return entries.map(([name, text]) => `==> ${name} <==\n${text}`).join('\n');
}

function settingsOf(
  { env, terminal }: Context,
  gateway: string,
  options: Options,
): GatewaySettings {
  const asksOver = gateway === 'envoy' ? 'grpc' : 'http';
  const other = asksOver === 'grpc' ? 'http' : 'grpc';
  if (options[other] !== undefined) {
    throw new UsageError(`${gateway} asks Usher at --${asksOver}: leave out --${other}`);
  }
  const listen =
    asksOver === 'grpc'
      ? () => reachable('USHER_GRPC_LISTEN', '--grpc', readSetting('grpcListen', env))
      : () => reachable('USHER_HTTP_LISTEN', '--http', readSetting('httpListen', env));
  const given = options[asksOver];
  const usher = given ?? listen();
  const tls = gatewayTls(gateway, usher, options);
  if (given === undefined && tls === undefined && env.USHER_TLS_CERT_FILE !== undefined) {
    throw new UsageError(
      'Usher serves TLS (USHER_TLS_CERT_FILE): name its authority with --tls-ca, or say --tls',
    );
  }
  if (gateway === 'traefik' && options.callerToken !== undefined) {
    throw new UsageError(
      'traefik cannot send a token of its own: use --tls-cert and --tls-key, with ' +
        'USHER_VERIFY_ACCESS=mtls at Usher',
    );
  }
  const access = env.USHER_VERIFY_ACCESS ?? 'open';
  if (given === undefined && access !== 'open' && !options.callerToken && !tls?.own) {
    terminal.note(
      `warning: Usher lets in known callers only (USHER_VERIFY_ACCESS=${access}): add ` +
        '--caller-token, or --tls-cert and --tls-key',
    );
  }
  return {
    ...{ grpc: '', http: '', [asksOver]: usher },
    tls,
    callerToken: options.callerToken ?? '',
    listen: options.listen,
    upstream: options.upstream,
    scopes: options.scope ?? [],
    audience: options.audience ?? '',
  };
}

/** The address of a listener for clients on the same machine. */
function reachable(
  name: string,
  option: string,
  listen: ReturnType<typeof readListen> | undefined,
): string {
  if (listen === undefined || listen === 'off' || listen.port === 0) {
    throw new UsageError(`${name} gives no address; name it with ${option}`);
  }
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? '127.0.0.1' : listen.host;
  return `${host.includes(':') ? `[${host}]` : host}:${listen.port}`;
}

function writeFiles({ terminal }: Context, folder: string, files: Record<string, string>): void {
  try {
    makeFolder(folder);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
      terminal.note(`wrote ${join(folder, name)}`);
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new UsageError(`--out ${folder} cannot be written (${error.code})`);
  }
}

/** These values are written into configuration files, so they must not contain any syntax. */
function address(text: string): string {
  try {
    const listen = readListen(text);
    if (listen !== 'off' && listen.port > 0) return text;
  } catch {
    // Reported below.
  }
  throw new InvalidArgumentError('an address is host:port');
}

function scopes(text: string, before: string[] | undefined): string[] {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) {
    throw new InvalidArgumentError('a scope is printable ASCII without space, quote or backslash');
  }
  return [...(before ?? []), text];
}

function audience(text: string): string {
  if (!/^[\x21-\x7e]{1,256}$/.test(text)) {
    throw new InvalidArgumentError('an audience here is printable ASCII without spaces');
  }
  return text;
}
