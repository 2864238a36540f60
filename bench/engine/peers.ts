/** Builds the programs of bench/peers: the servers that Usher is compared with, and the clients. */

import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const source = 'bench/peers';
const built = resolve('out/peers');

/** The programs, once they are built. */
export const peers = {
  grpcGo: `${built}/grpc-go`,
  connectGo: `${built}/connect-go`,
  netHttp: `${built}/net-http`,
  grpcGoClient: `${built}/grpc-go-client`,
  handshakes: `${built}/handshakes`,
  load: `${built}/load`,
  tonic: `${built}/cargo/release/usher-peer-tonic`,
};

/** The compilers, with the arguments that print their version, and the oldest that will do. */
const compilers = [
  { name: 'go', version: ['version'], oldest: [1, 26], line: 'see https://go.dev/doc/install' },
  {
    name: 'cargo',
    version: ['--version'],
    oldest: [1, 88],
    line: 'install rustup, then: rustup toolchain install stable',
  },
] as const;

/** A message for each compiler that is missing or too old. */
export function missingCompilers(): string[] {
  return compilers.flatMap(({ name, version, oldest, line }) => {
    const { stdout } = spawnSync(name, version, { encoding: 'utf8' });
    const found = /(\d+)\.(\d+)/
      .exec(stdout ?? '')
      ?.slice(1)
      .map(Number);
    const [major = 0, minor = 0] = found ?? [];
    if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return [];
    const state = found === undefined ? 'is missing' : `${found.join('.')} is too old`;
    return [`${name} ${oldest.join('.')} or later builds the peers, and ${state}: ${line}`];
  });
}

/** Builds them; from the second time on this takes a second. Throws if a build fails. */
export function buildPeers(): void {
  buildGo(['grpc-go', 'grpc-go-client', 'handshakes', 'load']);
  buildTonic();
}

/** Builds programs of Go, named by their folders. Throws if that fails. */
export function buildGo(programs: readonly string[]): void {
  const [proto, buf] = ['../../proto', resolve('node_modules/.bin/buf')];
  build(source, buf, ['generate', proto, '--path', `${proto}/usher`]);
  const folders = programs.map(name => `./${name}`);
  build(source, 'go', ['build', '-o', `${built}/`, ...folders]);
}

/** Builds the program of Rust. Throws if that fails. */
export function buildTonic(): void {
  const cargo = ['build', '--release', '--locked', '--quiet', '--target-dir', `${built}/cargo`];
  build(`${source}/tonic`, 'cargo', cargo);
}

function build(folder: string, command: string, args: readonly string[]): void {
  execFileSync(command, args, {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
