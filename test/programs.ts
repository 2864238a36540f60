/** The programs other than Node that tests start: where each is, and what installs it. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** The commands that install them. */
const packages = `${process.getuid?.() === 0 ? '' : 'sudo '}sh scripts/setup.sh --yes`;
const downloads = 'sh scripts/setup-gateways.sh --yes';

interface Known {
  /** The command that installs it. */
  line: string;
  /** The name of its file, where it is not the program's name. */
  file?: string;
  /** Arguments with which it exits with 0 if it has everything that the tests use. */
  proof?: readonly string[];
}

/** Every program that a test may start. */
const programs = {
  'redis-server': { line: packages },
  chromium: { line: packages },
  curl: { line: packages },
  openssl: { line: packages },
  // Their JWT libraries are separate Debian packages.
  python3: { line: packages, proof: ['-c', 'import jwt, ensurepip'] },
  ruby: { line: packages, proof: ['-e', 'require "jwt"'] },
  go: { line: packages },
  // Debian 12 has an older one. This chapter of its help is new in 1.24.
  'go-1.24': { file: 'go', line: packages, proof: ['help', 'goauth'] },
  h2spec: { line: packages },
  prlimit: { line: packages },
  bash: { line: packages },
  zsh: { line: packages },
  fish: { line: packages },
  'node-20': {
    file: 'node',
    line: packages,
    proof: ['-e', 'process.exit(process.versions.node.startsWith("20.") ? 0 : 1)'],
  },
  nginx: { line: packages },
  haproxy: { line: packages },
  helm: { line: packages },
  'compose-go': { line: packages },
  'terraform-config-inspect': { line: packages },
  prometheus: { line: packages },
  promtool: { line: packages },
  'systemd-analyze': { line: packages },
  envoy: { line: downloads },
  traefik: { line: downloads },
  caddy: { line: downloads },
} as const satisfies Record<string, Known>;

/** The name of a program. */
export type ProgramName = keyof typeof programs;

/** The names of all programs. */
export const programNames = Object.keys(programs) as ProgramName[];

/** The path of a program, if it is installed with everything that the tests use. */
export function findProgram(name: ProgramName): string | undefined {
  const root = resolve(import.meta.dirname, '..');
  const folders = [
    join(root, 'out/tools'),
    join(root, 'out/tools/go/bin'),
    join(root, 'out/gateways'),
    join(root, `scripts/node/20/node_modules/node-linux-${process.arch}/bin`),
    // The system's Python and Ruby come first, because Debian packages install libraries for them.
    ...['/usr/bin', '/bin'],
    ...(process.env.PATH ?? '').split(delimiter).filter(folder => folder !== ''),
    ...['/usr/sbin', '/sbin'],
  ];
  const { file = name, proof }: Known = programs[name];
  return folders
    .map(folder => join(folder, file))
    .filter(path => existsSync(path))
    .find(path => !proof || spawnSync(path, proof, { stdio: 'ignore' }).status === 0);
}

/** The command that installs a program. */
export function lineOf(name: ProgramName): string {
  return programs[name].line;
}
