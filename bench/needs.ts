/** Checks that the machine has what the benchmark needs. */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { missingCompilers } from './engine/peers.ts';

/** The programs, with their Debian packages. */
const programs: Record<string, string> = {
  h2load: 'nghttp2-client',
  taskset: 'util-linux',
  chrt: 'util-linux',
  openssl: 'openssl',
  'redis-server': 'redis-server',
};

/** A message for each thing that is missing for some parts; for all parts if none is named. */
export function missing(parts: readonly string[]): string[] {
  const absent = Object.entries(programs)
    .filter(([program]) => spawnSync(program, ['--version']).error !== undefined)
    .map(([program, pack]) => `${program} is missing: apt-get install ${pack}`);
  if (availableParallelism() < 2)
    absent.push('the benchmark needs two cores: one for the server, one for the load');
  const compiled = ['engine', 'handshakes'].some(name => parts.includes(name));
  if (parts.length === 0 || compiled) absent.push(...missingCompilers());
  return absent;
}
