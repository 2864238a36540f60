/**
 * Measures what one process, call, change and watcher costs, predicts from that what large deployments need, and
 * compares predictions with measurements of sizes that this machine can run. `npm run bench:scale`; with
 * `-- --write` it writes the tables of docs/scaling.md, and with `--quick` it measures smaller sizes.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { missing } from '../needs.ts';
import { machine } from '../report.ts';
import type { Check, Measured } from './checks.ts';
import { measureMany } from './measure-many.ts';
import { measureFleets } from './measure-redis.ts';
import { measureTokens } from './measure-tokens.ts';
import { measureWatchers } from './measure-watchers.ts';
import type { Constants } from './model.ts';
import { withTables } from './page.ts';
import { tables } from './tables.ts';

const page = 'docs/scaling.md';
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const lacks = missing(['scale']);
if (lacks.length > 0) {
  process.stderr.write(`${lacks.join('\n')}\n`);
  process.exit(2);
}
// A signal must run the exit handlers, which kill the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

/** The later ones win where two measure the same: more processes show more. */
const parts: Record<string, () => Promise<Measured>> = {
  'real processes': measureFleets,
  'played processes': () => measureMany(values.quick),
  'access tokens': () => measureTokens(values.quick),
  watchers: () => measureWatchers(values.quick),
};
const constants: Partial<Constants> = {};
const checks: Check[] = [];
for (const [name, measure] of Object.entries(parts)) {
  process.stderr.write(`${name}\n`);
  const [some, more] = await measure();
  Object.assign(constants, some);
  checks.push(...more);
}
const made = tables(constants as Constants, checks);
const date = new Date().toISOString().slice(0, 10);
const measuredText =
  `Measured on ${date} by \`npm run bench:scale -- ${values.quick ? '--quick ' : ''}--write\` with Node ` +
  `${process.version} on ${machine()}.`;
for (const [name, table] of Object.entries(made)) process.stdout.write(`${name}\n${table}\n\n`);
if (values.write) {
  const text = withTables(readFileSync(page, 'utf8'), { ...made, measured: measuredText });
  writeFileSync(page, text);
}
process.exit(0);
