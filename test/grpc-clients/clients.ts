/** The clients that make the calls of README.md: how each is built and started. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const here = import.meta.dirname;
const root = resolve(here, '../..');
const built = join(root, 'out/grpc-clients');
const proto = join(root, 'proto');
const python = join(built, 'python/bin/python');

/** A client. */
export interface Client {
  /** What it is called in the table. */
  name: string;
  /** Builds it; the second time takes a second. Throws if that fails. */
  build(): void;
  /** The command that makes all calls of README.md that it can make. */
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Whether it can use TLS with a client certificate, of `USHER_CA`, `USHER_CERT` and `USHER_KEY`. */
  hasTls?: boolean;
}

function run(folder: string, command: string, args: readonly string[]): void {
  const env = { ...process.env, CGO_ENABLED: '0' };
  execFileSync(command, args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

const go = join(here, 'go');

/** Builds the client of grpc-go, grpcurl and grpc_health_probe. */
function buildGo(): void {
  run(go, join(root, 'node_modules/.bin/buf'), ['generate', proto, '--path', `${proto}/usher`]);
  const tools = [
    'github.com/fullstorydev/grpcurl/cmd/grpcurl',
    'github.com/grpc-ecosystem/grpc-health-probe',
  ];
  run(go, 'go', ['build', '-o', `${built}/go/`, '.', ...tools]);
}

function buildPython(): void {
  const folder = join(here, 'python');
  if (!existsSync(python)) run(folder, 'python3', ['-m', 'venv', join(built, 'python')]);
  run(folder, python, ['-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt']);
  const out = join(built, 'python-gen');
  mkdirSync(out, { recursive: true });
  const files = ['usher/v1/verifier.proto', 'usher/v1/access_token.proto'];
  const generate = ['-m', 'grpc_tools.protoc', '-I', proto, '--python_out', out];
  run(folder, python, [...generate, '--grpc_python_out', out, ...files]);
}

function buildRust(): void {
  const target = ['--target-dir', join(built, 'cargo')];
  run(join(here, 'rust'), 'cargo', ['build', '--release', '--locked', '--quiet', ...target]);
}

const jars = join(built, 'java');

/** The clients, each a library of its language or a program. */
export const clients: readonly Client[] = [
  {
    name: 'grpc-js',
    build: () => {},
    command: [process.execPath, join(here, 'js/grpc-js.ts')],
    hasTls: true,
  },
  {
    name: 'grpc-go',
    build: buildGo,
    command: [join(built, 'go/grpc-clients')],
    hasTls: true,
  },
  {
    name: 'grpc-python',
    build: buildPython,
    command: [python, join(here, 'python/client.py')],
    env: { PYTHONPATH: join(built, 'python-gen') },
    hasTls: true,
  },
  {
    name: 'grpc-java',
    build: () => run(join(here, 'java'), 'mvn', ['-q', '-B', 'package']),
    command: ['java', '-cp', [`${jars}/classes`, `${jars}/dependency/*`].join(delimiter), 'Client'],
    hasTls: true,
  },
  {
    name: 'tonic',
    build: buildRust,
    command: [join(built, 'cargo/release/tonic-client')],
    hasTls: true,
  },
  {
    name: 'grpcurl',
    build: buildGo,
    command: ['sh', join(here, 'grpcurl.sh'), join(built, 'go/grpcurl')],
    hasTls: true,
  },
  {
    name: 'grpc_health_probe',
    build: buildGo,
    command: ['sh', join(here, 'health-probe.sh'), join(built, 'go/grpc-health-probe')],
    hasTls: true,
  },
];

/** The client that calls through the proxies. */
export const throughProxies = clients.find(({ name }) => name === 'grpc-go') as Client;

/** The client that speaks gRPC-Web, through Envoy. */
export const web: Client = {
  name: 'gRPC-Web, Envoy',
  build: () => {},
  command: [process.execPath, join(here, 'js/grpc-web.ts')],
};
