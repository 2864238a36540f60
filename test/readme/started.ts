/**
 * The environment of the README's commands: this checkout, with free ports and a new data folder.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { program } from '../program.ts';

/** Path of the checkout. */
export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** An environment for the README's commands, and its text with the addresses of that environment. */
export interface Place {
  env: NodeJS.ProcessEnv;
  /** "http://127.0.0.1:<port>" of the HTTP listener. */
  http: string;
  adapt(text: string): string;
}

/** Finds free ports. */
export async function findPlace(more: Record<string, string>): Promise<Place> {
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort());
  const [grpc, http, manager, metrics] = ports;
  // A reader's shell does not have the variables of the test runner.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(USHER_|npm_|VITEST|NODE_ENV|NODE_OPTIONS)/.test(name),
  );
  const env = {
    ...Object.fromEntries(own),
    PATH: [...readersPrograms(), process.env.PATH].join(delimiter),
    USHER_GRPC_LISTEN: `127.0.0.1:${grpc}`,
    USHER_HTTP_LISTEN: `127.0.0.1:${http}`,
    USHER_MANAGER_LISTEN: `127.0.0.1:${manager}`,
    USHER_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    USHER_MANAGER_URL: `http://127.0.0.1:${manager}`,
    ...more,
  };
  return {
    env,
    http: `http://127.0.0.1:${http}`,
    adapt: text =>
      text
        .replaceAll('127.0.0.1:50051', env.USHER_GRPC_LISTEN)
        .replaceAll('127.0.0.1:8080', env.USHER_HTTP_LISTEN)
        .replaceAll('127.0.0.1:8081', env.USHER_MANAGER_LISTEN)
        .replaceAll('127.0.0.1:9464', env.USHER_METRICS_LISTEN),
  };
}

/** The folders of the programs that the README's commands start. */
function readersPrograms(): string[] {
  const interpreters = [program('python3'), program('ruby'), program('go')];
  const clients = [program('curl'), program('openssl')];
  return [...new Set([...interpreters, ...clients].map(path => dirname(path)))];
}

/** A server that was started as the README says. */
export interface Started {
  /** Everything that it has written to stdout. */
  stdout(): string;
  /** Sends SIGTERM to the started process, like a service manager; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a program and waits until it prints a text. */
export async function start(
  command: string,
  env: NodeJS.ProcessEnv,
  until: string,
): Promise<Started> {
  const [program = '', ...args] = command.split(' ');
  const child: ChildProcess = spawn(program, args, { cwd: checkout, env });
  let stdout = '';
  let stderr = '';
  const exited = new Promise<number | null>(resolve => child.once('close', resolve));
  child.stderr?.on('data', chunk => {
    stderr += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', chunk => {
      stdout += chunk;
      if (stdout.includes(until)) resolve();
    });
    void exited.then(code => reject(new Error(`${command} ended with ${code}: ${stderr}`)));
  });
  return {
    stdout: () => stdout,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
