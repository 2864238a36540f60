/** Checks that the machine has what the benchmark needs. */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The programs, with their Debian packages. */
const programs: Record<string, string> = {
  h2load: 'nghttp2-client',
  taskset: 'util-linux',
  'redis-server': 'redis-server',
};

/** A message for each thing that is missing. */
export function missing(): string[] {
  const absent = Object.entries(programs)
    .filter(([program]) => spawnSync(program, ['--version']).error !== undefined)
    .map(([program, pack]) => `${program} is missing: apt-get install ${pack}`);
  if (availableParallelism() < 2)
    absent.push('the benchmark needs two cores: one for the server, one for the load');
  return absent;
}
