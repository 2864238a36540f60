/**
 * Changes the code of a room at many places, one at a time, and runs the room's tests against each
 * change. Those that no test notices are printed; fewer than the suite's floor end with exit code 1.
 */

import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { equivalents } from './equivalent.ts';
import { asMutant } from './mutants.ts';
import { judgeMutants, type Mutant } from './score.ts';
import { type MutationSuite, suites } from './suites.ts';

const usage = `usage: npm run mutate -- ${Object.keys(suites).join('|')} [--file PATH] [--concurrency N] [--again]
  --file PATH      mutates only this file, or these: it can be given several times
  --concurrency N  runs so many tests at a time (2)
  --again          tries only what has changed since the last run`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string', multiple: true },
    concurrency: { type: 'string', default: '2' },
    again: { type: 'boolean', default: false },
  },
});
const say = (text: string) => void process.stdout.write(`${text}\n`);
const root = resolve(import.meta.dirname, '../..');
const [name = ''] = positionals;
const suite = suites[name];
const concurrency = Number(values.concurrency);
if (suite === undefined || positionals.length > 1 || !(concurrency >= 1)) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
process.exitCode = report(suite, await run(suite));

async function run({ mutate, tests, pool }: MutationSuite): Promise<Mutant[]> {
  const files = values.file ?? [...mutate];
  // What vitest.config.ts reads, in the processes that Stryker starts.
  process.env.MUTATION_TESTS = globSync([...tests], { cwd: root }).join(',');
  const stryker = new Stryker({
    mutate: files,
    testRunner: 'vitest',
    plugins: [
      import.meta.resolve('@stryker-mutator/vitest-runner'),
      import.meta.resolve('./unnoticed.ts'),
    ],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false, pool },
    // Stryker would rewrite the paths in it by the programming interface that TypeScript 7 lacks.
    tsconfigFile: 'none',
    coverageAnalysis: 'perTest',
    concurrency,
    // On a busy machine a test takes longer than it did at the start. One that is cut off counts as
    // failed, so the bound is far above what a test takes.
    timeoutMS: 20_000,
    timeoutFactor: 4,
    // With --again, what has not changed since the last run is taken from it, tests included.
    incremental: true,
    incrementalFile: `out/mutation-${name}.json`,
    force: !values.again,
    reporters: ['progress-append-only', 'unnoticed'],
    allowConsoleColors: false,
    tempDirName: 'out/mutation',
    cleanTempDir: 'always',
    ignorePatterns: ['/out', '/dist', '/lib', '/data', '/bench', '/docs', '/scripts', '*.log'],
  });
  const mutants = (await stryker.runMutationTest()).map(asMutant);
  // Results of other files may be left from the last run.
  return mutants.filter(({ path }) => values.file?.includes(path) ?? true);
}

function report({ floor }: MutationSuite, mutants: readonly Mutant[]): number {
  const { total, byPath, survivors, obsolete } = judgeMutants(mutants, equivalents);
  for (const { path, line, from } of obsolete) {
    say(`\n${path}: no equivalent mutant any more, remove it from the list: ${from} in ${line}`);
  }
  say('');
  for (const [path, { percent, unnoticed }] of byPath) {
    say(`${percent.toFixed(1).padStart(6)} %  ${path}, ${unnoticed} unnoticed`);
  }
  const listed = mutants.filter(({ status }) => status === 'unnoticed').length - survivors.length;
  say(
    `\n${total.percent.toFixed(1)} % of ${total.noticed + total.unnoticed} mutants noticed, ` +
      `${floor} % needed; ${listed} more are equivalent`,
  );
  return total.percent >= floor && obsolete.length === 0 ? 0 : 1;
}
