/** The programs that tests start besides Node: where each is, and what installs it. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** What the installing scripts are called with. */
const packages = `${process.getuid?.() === 0 ? '' : 'sudo '}sh scripts/setup.sh --yes`;
const downloads = 'sh scripts/setup-gateways.sh --yes';

interface Known {
  /** What installs it. */
  line: string;
  /** Arguments with which it succeeds if it has all that the tests use of it. */
  proof?: readonly string[];
}

/** Every program that a test may start. */
const programs = {
  'redis-server': { line: packages },
  chromium: { line: packages },
  curl: { line: packages },
  openssl: { line: packages },
  // Their libraries for JWTs are Debian packages of their own.
  python3: { line: packages, proof: ['-c', 'import jwt'] },
  ruby: { line: packages, proof: ['-e', 'require "jwt"'] },
  go: { line: packages },
  grpcurl: { line: packages },
  prlimit: { line: packages },
  nginx: { line: packages },
  haproxy: { line: packages },
  envoy: { line: downloads },
  traefik: { line: downloads },
  caddy: { line: downloads },
} as const satisfies Record<string, Known>;

/** The name of such a program. */
export type ProgramName = keyof typeof programs;

/** Their names. */
export const programNames = Object.keys(programs) as ProgramName[];

/** The path of a program, if it is there with all that the tests use of it. */
export function findProgram(name: ProgramName): string | undefined {
  const root = resolve(import.meta.dirname, '..');
  const folders = [
    join(root, 'out/tools'),
    join(root, 'out/gateways'),
    // The system's own Python and Ruby come first: they have the libraries of its packages.
    ...['/usr/bin', '/bin'],
    ...(process.env.PATH ?? '').split(delimiter).filter(folder => folder !== ''),
    ...['/usr/sbin', '/sbin'],
  ];
  const path = folders.map(folder => join(folder, name)).find(each => existsSync(each));
  const { proof }: Known = programs[name];
  if (path === undefined || proof === undefined) return path;
  return spawnSync(path, proof, { stdio: 'ignore' }).status === 0 ? path : undefined;
}

/** The line that installs a program. */
export function lineOf(name: ProgramName): string {
  return programs[name].line;
}
