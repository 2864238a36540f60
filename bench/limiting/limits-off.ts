/**
 * What limits cost those who use none: cached Verify of the commit that made limits count, against the commit
 * before it; and of this Usher against the latter, with all else that has changed since.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { managerOf } from '../access-tokens.ts';
import { cores } from '../load.ts';
import { startUsher, type Usher } from '../processes.ts';
import { median, type Row } from '../row.ts';
import { verifyLoad } from './verify-load.ts';

/** The change "valid verdicts on tokens with limits count", and the one before it. */
const commits = {
  with: '81d827372622599896f6cf74e31bfb0f24b80054',
  without: '14d7d37a08a983a0d8bf31ca47a6a635fc33509a',
};

/** Alternating runs of each program. */
const rounds = 10;

/** The rows. Throws where the history lacks the commits, as in a shallow clone. */
export async function limitsOffRows(): Promise<Row[]> {
  const checkouts = { now: '.', with: checkout(commits.with), without: checkout(commits.without) };
  const ushers: Usher[] = [];
  try {
    const sides = new Map<string, () => Promise<number>>();
    for (const [name, folder] of Object.entries(checkouts)) {
      // Earlier ones have no listener for metrics.
      const env = name === 'now' ? {} : { USHER_METRICS_LISTEN: undefined };
      const usher = await startUsher(env, cores.server, folder);
      ushers.push(usher);
      const { token } = await managerOf(usher).createStatic();
      sides.set(name, async () => (await verifyLoad(usher, token)).cpuUs);
    }
    const runs = await alternate(sides);
    return [
      row('with the change that added limits, against the commit before it', runs, 'with', true),
      row('now, against the same commit, with all that came since', runs, 'now', false),
    ];
  } finally {
    await Promise.all(ushers.map(usher => usher.stop()));
  }
}

/** What each side needed in each round, after one that does not count. */
async function alternate(
  sides: ReadonlyMap<string, () => Promise<number>>,
): Promise<Map<string, number[]>> {
  const runs = new Map<string, number[]>([...sides.keys()].map(name => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, side] of sides) {
      const cpuUs = await side();
      if (round >= 0) runs.get(name)?.push(cpuUs);
    }
    process.stderr.write('.');
  }
  return runs;
}

/** A ratio with its spread. With a bound, 1.00 must be within the spread, or the ratio below it. */
function row(
  what: string,
  runs: ReadonlyMap<string, readonly number[]>,
  name: string,
  isBound: boolean,
): Row {
  const [ours, base] = [runs.get(name) ?? [], runs.get('without') ?? []];
  const ratios = ours.map((cpuUs, n) => cpuUs / (base[n] ?? Number.NaN));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const times = `${median(ours).toFixed(2)} against ${median(base).toFixed(2)} µs`;
  return {
    what: `unary gRPC Verify, cached static token without limits, ${what}`,
    measured: `${median(ratios).toFixed(2)} x (${least.toFixed(2)}–${most.toFixed(2)} in ${rounds} runs; ${times})`,
    ...(isBound && {
      bound: 'no difference beyond the spread of ten runs',
      pass: least <= 1,
    }),
  };
}

/** The folder with the source of a commit, which uses the packages of this one. */
function checkout(commit: string): string {
  const folder = resolve('out/bench', commit);
  if (existsSync(join(folder, 'node_modules'))) return folder;
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', commit, 'src', 'proto', 'package.json'], {
    maxBuffer: 1 << 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}
