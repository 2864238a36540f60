/** What the benchmark needs of the machine. */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Programs, and the Debian packages that have them. */
const programs: Record<string, string> = {
  h2load: 'nghttp2-client',
  taskset: 'util-linux',
  'redis-server': 'redis-server',
};

/** What is missing, each as a sentence. */
export function missing(): string[] {
  const absent = Object.entries(programs)
    .filter(([program]) => spawnSync(program, ['--version']).error !== undefined)
    .map(([program, pack]) => `${program} is missing: apt-get install ${pack}`);
  if (availableParallelism() < 2) absent.push('two cores are needed: one would do server and load');
  return absent;
}
