/** What is said about a run of the part "engine", in docs/benchmarks.md and as JSON. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { machine } from '../report.ts';
import type { Row } from '../row.ts';
import type { EngineOptions } from './engine.ts';
import { mayOrder } from './front.ts';
import { inTheWay } from './in-the-way.ts';
import { efforts } from './turns.ts';

/** From this load of other programs on, figures must be read with care. */
const busyLoad = 0.5;
const busyText =
  '**The machine was busy**: CPU time is too high for all programs, its ratios are rough, and ' +
  'latencies mean little.';

const file = 'out/bench/engine.json';
// Both are read when the run begins, since it may write files, and is a load itself.
const commit = commitOf('.');
const [loadBefore = 0] = loadavg();

/** The first lines of the part: where the figures come from, and how they were measured. */
export function engineNote({ quick, today }: EngineOptions): string {
  const { rounds } = quick ? efforts.quick : efforts.full;
  const date = new Date().toISOString().slice(0, 10);
  return [
    `Measured on ${date} at commit ${commit} on ${machine()}. \`npm run bench -- engine --write\` ` +
      'measures this part again, and writes it. Other programs had a load of ' +
      `${loadBefore.toFixed(1)} when it began (0 is a quiet machine).` +
      (loadBefore > busyLoad ? ` ${busyText}` : ''),
    [
      "- **Programs**: Usher's engines are those of `USHER_GRPC_ENGINE`" +
        `${today === undefined ? '' : `, but grpc-js is Usher at commit ${commitOf(today)}`}. ` +
        'grpc-go and tonic are the servers in `bench/peers`: the same request, a SHA-256, a map of ' +
        '100,001 tokens, the same answer; a JWT is proven by HMAC and then remembered, as Usher ' +
        'does it. Each has one core and one thread for its code.',
      `- **Figures** are medians of ${rounds} rounds${quick ? ' of a rough run (`--quick`)' : ''}, in which the programs take turns, with the ` +
        'least and the most; µs are CPU time of the server per call, user and system. **Ratios** ' +
        'are those of each round. "4 x 16" are 4 connections with 16 calls at a time.',
      '- **Latency** counts from the time at which a call was due, over 8 connections, so a server ' +
        'that stalls is charged for the calls that it kept waiting. ' +
        (mayOrder
          ? 'The client ran under the real-time scheduler; the servers, beside all other programs.'
          : 'All ran beside the other programs of the machine.'),
      '- **Verdicts** were checked: a wrong one ends the run.',
    ].join('\n'),
    'Why some rows miss their goal, and what was tried (µs and pauses are of single runs, some on a busy machine):',
    inTheWay.map(text => `- ${text}`).join('\n'),
  ].join('\n\n');
}

/** Writes every figure of every round. */
export function writeJson(rows: readonly Row[], options: EngineOptions): void {
  const run = { date: new Date().toISOString(), commit, machine: machine(), loadBefore };
  const how = { node: process.version, realTime: mayOrder, ...options };
  mkdirSync('out/bench', { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...run, ...how, rows }, undefined, 2)}\n`);
}

function commitOf(folder: string): string {
  const args = ['-C', folder, 'describe', '--always', '--dirty', '--abbrev=10', '--exclude=*'];
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}
