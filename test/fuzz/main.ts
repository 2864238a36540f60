/**
 * Fuzzes a suite of targets, guided by the coverage of the code that they are about. A finding is
 * written into the corpus, with the command that plays it again; the exit code is then 1.
 */

import { mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { clear, keep, readCorpus } from './corpus.ts';
import { instrument, summary } from './coverage.ts';
import { catchStray, Fuzzer } from './fuzzer.ts';
import { suites } from './suites.ts';
import { Watchdog } from './watch.ts';

const usage = `usage: npm run fuzz -- ${Object.keys(suites).join('|')} [--minutes N] [--seed N] [--target NAME]
                        [--play FILE] [--keep] [--missed]
  --play FILE  plays one input
  --keep       writes the corpus anew, from the shortest inputs that reach all that was reached
  --missed     lists the lines that no input reached`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    target: { type: 'string' },
    play: { type: 'string' },
    keep: { type: 'boolean', default: false },
    missed: { type: 'boolean', default: false },
  },
});
const say = (text: string) => void process.stdout.write(`${text}\n`);
const [name = ''] = positionals;
const suite = suites[name];
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const minutes = Number(values.minutes);
if (suite === undefined || positionals.length > 1 || !Number.isInteger(seed) || !(minutes > 0)) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}

const root = resolve(import.meta.dirname, '../..');
const out = join(root, 'out/fuzz');
const command = `npm run fuzz -- ${name}`;
/** How long a target with a share of one is fuzzed before the next, in milliseconds. */
const sliceMs = 500;
/** How often the state is told, in milliseconds. */
const tellMs = 60_000;

instrument(root, suite.covers);
catchStray();
mkdirSync(out, { recursive: true });
const watchdog = new Watchdog(out, command);
const all = await suite.load();
const targets = all.filter(target => values.target === undefined || target.name === values.target);
if (targets.length === 0) {
  process.stderr.write(`targets: ${all.map(target => target.name).join(', ')}\n`);
  process.exit(2);
}
process.exit(values.play === undefined ? await fuzz() : await playFile(values.play));

async function fuzz(): Promise<number> {
  say(`seed ${seed}`);
  const began = performance.now();
  const endMs = began + minutes * 60_000;
  const fuzzers = targets.map(target => new Fuzzer(target, seed, watchdog));
  for (const fuzzer of fuzzers) {
    const corpus = readCorpus(name, fuzzer.target.name);
    await fuzzer.begin(corpus.map(({ input }) => input));
  }
  const told = new Set<unknown>();
  let toldMs = began;
  while (performance.now() < endMs) {
    for (const fuzzer of fuzzers) {
      await fuzzer.run(Math.min(sliceMs * fuzzer.target.share, endMs - performance.now()));
      for (const finding of fuzzer.findings.filter(each => !told.has(each))) {
        told.add(finding);
        const path = relative(root, keep(name, fuzzer.target.name, finding.input, true));
        say(`\n${fuzzer.target.name}: ${finding.error.stack}\n  ${command} --play ${path}\n`);
      }
    }
    if (performance.now() - toldMs < tellMs) continue;
    toldMs = performance.now();
    tell(fuzzers);
  }
  tell(fuzzers);
  if (values.keep) for (const fuzzer of fuzzers) await keepShortest(fuzzer);
  const { all, taken, missed } = summary();
  if (values.missed) say(missed.join('\n'));
  const findings = fuzzers.reduce((sum, { findings }) => sum + findings.length, 0);
  const plays = fuzzers.reduce((sum, { plays }) => sum + plays, 0);
  const spent = ((performance.now() - began) / 60_000).toFixed(1);
  say(`${plays} plays in ${spent} min, ${taken} of ${all} branches, ${findings} findings`);
  return findings === 0 ? 0 : 1;
}

function tell(fuzzers: readonly Fuzzer[]): void {
  for (const { target, plays, inputs, coverage, findings } of fuzzers) {
    const found = findings.length === 0 ? '' : `, ${findings.length} findings`;
    say(
      `${target.name}: ${plays} plays, ${inputs.length} inputs, ${coverage.features} features${found}`,
    );
  }
}

/** Writes the shortest inputs that together reach what all of them do. */
async function keepShortest(fuzzer: Fuzzer): Promise<void> {
  const { target } = fuzzer;
  const known = readCorpus(name, target.name).map(({ input }) => input);
  const inputs = [...known, ...fuzzer.inputs].sort((a, b) => a.length - b.length);
  const again = new Fuzzer({ ...target, seeds: [] }, seed, watchdog, true);
  await again.begin(inputs);
  clear(name, target.name);
  for (const input of again.inputs) keep(name, target.name, input, false);
}

/** The folder of the file says which target it is for, unless one was named. */
async function playFile(path: string): Promise<number> {
  const target =
    targets.find(({ name }) => name === basename(dirname(resolve(path)))) ?? targets[0];
  if (target === undefined) return 2;
  const error = await new Fuzzer(target, seed, watchdog).play(readFileSync(path));
  say(error === undefined ? `${target.name}: all holds` : `${target.name}: ${error.stack}`);
  return error === undefined ? 0 : 1;
}
