/** `usher healthcheck`: whether the server on this machine is ready, for the health check of a container. */

import { request as httpRequest } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { isIPv6 } from 'node:net';
import type { Command } from 'commander';
import { type Environment, readSetting } from '../settings/config.ts';
import { Mistake } from '../settings/values.ts';
import { type Context, optionsOf } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { outJson } from './terminal.ts';

/** Adds the command. */
export function addHealthcheckCommand(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  program
    .command('healthcheck')
    .description('ask the server on this machine whether it is ready, by its settings')
    .action(async (_, self: Command) => {
      const { json, timeout } = optionsOf(self);
      const { ask, address, isTls } = listenerIn(context.env);
      const problem = await ask({ address, isTls, timeoutMs: timeout * 1000 });
      if (json) {
        outJson(context.terminal, { ready: problem === undefined, ...(problem && { problem }) });
      } else if (problem !== undefined) {
        context.terminal.note(`usher: not ready: ${problem}`);
      }
      if (problem !== undefined) exit(exitCodes.unavailable);
    });
}

/** Asks a listener; resolves to what is wrong, or undefined. */
type Ask = (listener: {
  address: Address;
  isTls: boolean;
  timeoutMs: number;
}) => Promise<string | undefined>;

interface Address {
  host: string;
  port: number;
}

/** The listener to ask, of those that are on. Throws Mistake when there is none that answers. */
function listenerIn(env: Environment): { ask: Ask; address: Address; isTls: boolean } {
  const isTls = readSetting('tlsCertFile', env) !== undefined;
  const http = localAddress(env, 'httpListen');
  if (http !== undefined) return { ask: askHttp, address: http, isTls };
  const grpc = localAddress(env, 'grpcListen');
  if (grpc !== undefined) return { ask: askGrpc, address: grpc, isTls };
  const manager = localAddress(env, 'managerListen');
  if (manager === undefined || readSetting('managerTlsClientCaFile', env) !== undefined) {
    throw new Mistake(
      'USHER_HTTP_LISTEN and USHER_GRPC_LISTEN are off, and the API Manager answers no health check ' +
        'without a client certificate; turn one of them on',
    );
  }
  const isManagerTls = readSetting('managerTlsCertFile', env) !== undefined;
  return { ask: askHttp, address: manager, isTls: isManagerTls };
}

/** Where this machine reaches a listener; undefined when it is off. Throws Mistake for port 0. */
function localAddress(
  env: Environment,
  setting: 'grpcListen' | 'httpListen' | 'managerListen',
): Address | undefined {
  const listen = readSetting(setting, env);
  if (listen === undefined || listen === 'off') return undefined;
  if (listen.port === 0) {
    throw new Mistake('a listener with port 0 takes any free port, which cannot be known here');
  }
  const any: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return { host: any[listen.host] ?? listen.host, port: listen.port };
}

/** `GET /readyz`. The certificate is not checked: the server is this machine's own. */
const askHttp: Ask = ({ address, isTls, timeoutMs }) =>
  new Promise(resolve => {
    const asked = (isTls ? httpsRequest : httpRequest)({
      ...address,
      path: '/readyz',
      agent: false,
      timeout: timeoutMs,
      ...(isTls && { rejectUnauthorized: false }),
    });
    asked.on('response', response => {
      response.resume();
      resolve(response.statusCode === 200 ? undefined : `it answered ${response.statusCode}`);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', error => resolve(error.message));
    asked.end();
  });

/** The health service of gRPC (grpc.health.v1), which both engines have. */
const askGrpc: Ask = ({ address: { host, port }, isTls, timeoutMs }) =>
  new Promise(resolve => {
    const authority = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    const session = connectHttp2(`${isTls ? 'https' : 'http'}://${authority}`, {
      rejectUnauthorized: false,
    });
    const end = (problem?: string) => {
      session.destroy();
      resolve(problem);
    };
    session.setTimeout(timeoutMs, () => end('no answer in time'));
    session.on('error', error => end(error.message));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', error => end(error.message));
    stream.on('end', () =>
      end(Buffer.concat(chunks).equals(serving) ? undefined : 'it does not serve'),
    );
    stream.end(emptyMessage);
  });

/** A gRPC message of no bytes: HealthCheckRequest for the whole server. */
const emptyMessage = Buffer.alloc(5);
/** HealthCheckResponse with status SERVING. */
const serving = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
