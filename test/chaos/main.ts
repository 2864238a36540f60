/**
 * Plays faults on real servers, and prints a table of what they did. Exit code 1 if a verdict was
 * wrong, an acknowledged write was lost, or there was no recovery. With --write it writes the table
 * of each store into docs/chaos.md.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type StoreName, storeNames } from './faults/all.ts';
import { type Choice, choose, isAsPromised, type Played, play } from './play.ts';
import { legend, table } from './table.ts';

const usage = `usage: npm run chaos -- [--rounds N] [--fault NAME] [--store ${storeNames.join('|')}]
                        [--short] [--seed N] [--write]`;
const page = 'docs/chaos.md';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    fault: { type: 'string' },
    store: { type: 'string' },
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const isStore = (name: string): name is StoreName => storeNames.some(each => each === name);
const store = values.store;
const choice: Choice = {
  seed: Number(values.seed ?? Date.now() % 1_000_000),
  rounds: Number(values.rounds ?? (values.short ? 1 : 3)),
  isShort: values.short,
  fault: values.fault,
  store: store !== undefined && isStore(store) ? store : undefined,
};
const isUnknown =
  choice.store !== store ||
  !Number.isInteger(choice.seed) ||
  !(Number.isInteger(choice.rounds) && choice.rounds > 0) ||
  choose(choice).every(({ faults }) => faults.length === 0) ||
  (values.write && (values.short || values.fault !== undefined));
if (isUnknown) {
  process.stderr.write(`${usage}\nfaults: ${names().join(', ')}\n`);
  process.exit(2);
}

// A signal must run the exit handlers, which kill the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const say = (text: string) => void process.stderr.write(`${text}\n`);
say(`seed ${choice.seed}`);
const began = performance.now();
const minutesSince = (ms: number) => ((performance.now() - ms) / 60_000).toFixed(0);
const all: Played[] = [];
for (const name of storeNames.filter(each => choice.store === undefined || choice.store === each)) {
  const storeBegan = performance.now();
  const played = await play({ ...choice, store: name }, say);
  if (values.write) write(name, played, minutesSince(storeBegan));
  all.push(...played);
}
process.stdout.write(`${table(all)}\n`);
const bad = all.filter(({ rounds }) => !rounds.every(isAsPromised));
for (const { fault, store, rounds, story } of bad) tell(fault.name, store, rounds, story);
say(`${bad.length} of ${all.length} not as promised, ${minutesSince(began)} min`);
process.exit(bad.length === 0 ? 0 : 1);

function names(): string[] {
  const some = choose({ seed: 0, rounds: 1 });
  return [...new Set(some.flatMap(({ faults }) => faults.map(({ name }) => name)))];
}

function tell(fault: string, store: string, rounds: Played['rounds'], story: string[]): void {
  const why = rounds.flatMap(({ wrong, lost, failed }) => [...wrong, ...lost, ...failed]);
  say(`\n${fault} on ${store}, seed ${choice.seed}:\n${why.join('\n')}\n\n${story.join('\n')}\n`);
}

/** Puts the table of a store between its markers in the page. */
function write(name: StoreName, played: readonly Played[], minutes: string): void {
  const date = new Date().toISOString().slice(0, 10);
  const command = `npm run chaos -- --store ${name} --rounds ${choice.rounds} --write`;
  const text = [
    `\`${command}\` on ${date}, with seed ${choice.seed} and Node ${process.version}: ${minutes} minutes.`,
    table(played),
    legend(played),
  ].join('\n\n');
  const [start, end] = [`<!-- played on ${name} -->`, `<!-- end of ${name} -->`];
  const [head = '', rest = ''] = readFileSync(page, 'utf8').split(start);
  const [, tail = ''] = rest.split(end);
  writeFileSync(page, `${head}${start}\n\n${text}\n\n${end}${tail}`);
}
