/**
 * Gets other programs that judge tokens, checks that they judge right, and prints what they cost
 * beside Usher. `npm run bench:peers -- --quick --only heimdall,nginx`; `--write` writes the part of
 * docs/benchmarks.md and its chart.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { peersChart } from '../charts.ts';
import { efforts } from '../engine/turns.ts';
import { missing } from '../needs.ts';
import { startUsher } from '../processes.ts';
import { withSection } from '../report.ts';
import { measureWire, type Outcome } from './measure.ts';
import type { Peer } from './peer.ts';
import { connectGo } from './peers/connect-go.ts';
import { envoyAsksUsher } from './peers/envoy-asks-usher.ts';
import { envoyJwt, envoyKeys } from './peers/envoy-filters.ts';
import { grpcGo } from './peers/grpc-go.ts';
import { haproxy } from './peers/haproxy.ts';
import { heimdall } from './peers/heimdall.ts';
import { netHttp } from './peers/net-http.ts';
import { nginx } from './peers/nginx.ts';
import { oathkeeper } from './peers/oathkeeper.ts';
import { opaEnvoy } from './peers/opa-envoy.ts';
import { tonic } from './peers/tonic.ts';
import { usherOn } from './peers/usher.ts';
import { notesOf, tableOf } from './table.ts';
import { wires } from './wires.ts';

const all: readonly Peer[] = [
  ...[grpcGo, tonic, connectGo, netHttp, heimdall, oathkeeper, opaEnvoy],
  ...[envoyAsksUsher, envoyJwt, envoyKeys, haproxy, nginx],
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    'allow-missing': { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
const unknown = only?.filter(name => all.every(peer => peer.name !== name)) ?? [];
if (unknown.length > 0 || (values.write && only !== undefined)) {
  process.stderr.write(
    'usage: npm run bench:peers -- [--quick] [--allow-missing] [--write | --only NAME,…]\n' +
      `       with names of ${all.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
const lacks = missing(['peers']);
if (lacks.length > 0) {
  process.stderr.write(`${lacks.join('\n')}\n`);
  process.exit(2);
}
// A signal must run the exit handlers, which kill the processes that the benchmark started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const conditions = { quick: values.quick, load: loadavg()[0] ?? 0 };
const usher = await startUsher();
const outcomes: Outcome[] = [];
for (const wire of Object.keys(wires) as (keyof typeof wires)[]) {
  const peers = all.filter(
    ({ name, wire: of }) => of === wire && (only === undefined || only.includes(name)),
  );
  if (peers.length === 0) continue;
  process.stderr.write(`${wire} `);
  const effort = values.quick ? efforts.quick : efforts.full;
  outcomes.push(...(await measureWire(wire, [usherOn(wire), ...peers], usher, effort)));
  process.stderr.write('\n');
}
await usher.stop();

const chart = await peersChart(outcomes);
const note = notesOf(outcomes, conditions);
const section = {
  title: 'Beside other programs',
  note: `![${chart.title}](${chart.file})\n\n${note}`,
};
const text = tableOf(outcomes);
process.stdout.write(`${text}\n\n${note}\n`);
if (values.write) {
  const page = readFileSync('docs/benchmarks.md', 'utf8');
  writeFileSync('docs/benchmarks.md', withSection(page, { ...section, rows: [], text }));
  writeFileSync(`docs/${chart.file}`, chart.svg);
}
const absent = outcomes.filter(({ why }) => why !== undefined);
for (const { peer, why } of absent) process.stderr.write(`${peer.name}: ${why}\n`);
process.exitCode = absent.length > 0 && !values['allow-missing'] ? 1 : 0;
