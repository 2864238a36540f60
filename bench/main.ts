/**
 * The benchmark: measures what the documents claim, prints tables, and marks missed bounds.
 * `npm run bench -- unary sdk` runs only these parts; `npm run bench -- --write` runs all parts and
 * writes docs/benchmarks.md and its charts. `npm run bench -- engine --write` writes only that part
 * of the page; with `--quick` it is measured roughly, and with `--today FOLDER` beside an earlier
 * Usher, whose checkout is in that folder.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { charts } from './charts.ts';
import { sdkRows } from './client/sdk-rows.ts';
import { engineRows } from './engine/engine.ts';
import { engineNote, writeJson } from './engine/record.ts';
import { limitRows } from './limiting/limited.ts';
import { missing } from './needs.ts';
import { page, type Section, table, withOthers, withSection } from './report.ts';
import type { Row } from './row.ts';
import { observingRows } from './server/observing.ts';
import { revocationRows } from './server/revocation.ts';
import { startRows } from './server/start.ts';
import { workerRows } from './server/workers.ts';
import { listRows } from './store/list.ts';
import { missRows } from './store/redis-miss.ts';
import { searchRows } from './store/search.ts';
import { zipfRows } from './store/zipf.ts';
import { doorRows } from './transport/doors.ts';
import { streamRows } from './transport/streams.ts';
import { unaryRows } from './transport/unary.ts';
import { firstSightRows } from './verify/first-sight.ts';
import { floodRows } from './verify/flood.ts';
import { memoryRows } from './verify/memory.ts';

const { values, positionals } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    today: { type: 'string' },
  },
  allowPositionals: true,
});

interface Part {
  title: string;
  rows(): Promise<Row[]>;
  note?(): string;
}

const parts: Record<string, Part> = {
  start: { title: 'Start', rows: startRows },
  unary: { title: 'Single calls', rows: unaryRows },
  observing: { title: 'Traces and logs', rows: () => observingRows(values) },
  doors: { title: 'Doors for gateways', rows: doorRows },
  streams: { title: 'Streams and batches', rows: streamRows },
  sdk: { title: 'The SDK', rows: sdkRows },
  'first-sight': { title: 'First sight', rows: firstSightRows },
  misses: { title: 'Cache misses on Redis', rows: missRows },
  zipf: { title: 'Many access tokens', rows: zipfRows },
  limits: { title: 'Limits of tokens', rows: limitRows },
  flood: { title: 'A flood of bad tokens', rows: floodRows },
  memory: { title: 'Memory under a flood of large JWTs', rows: memoryRows },
  revocation: { title: 'Revocation', rows: revocationRows },
  workers: { title: 'Workers', rows: workerRows },
  lists: { title: 'Lists and memory', rows: listRows },
  search: { title: 'Searching and sorting 100,000 access tokens', rows: searchRows },
  engine: { title: 'The engine', rows: () => engineRows(values), note: () => engineNote(values) },
};

const unknown = positionals.filter(name => !Object.hasOwn(parts, name));
const alone = positionals.length === 1 && positionals[0] === 'engine';
const writable = positionals.length === 0 || alone;
if (unknown.length > 0 || (values.write && !writable)) {
  process.stderr.write(
    `usage: npm run bench -- [--write | NAME…], with names of ${Object.keys(parts).join(', ')}\n` +
      '       npm run bench -- engine [--quick] [--write] [--today FOLDER]\n',
  );
  process.exit(2);
}

const lacks = missing(positionals);
if (lacks.length > 0) {
  process.stderr.write(`${lacks.join('\n')}\n`);
  process.exit(2);
}

// A signal must run the exit handlers, which kill the processes that the benchmark started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const sections: Section[] = [];
const began = performance.now();
for (const [name, part] of Object.entries(parts)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const partBegan = performance.now();
  process.stderr.write(`${name} `);
  const section = { title: part.title, rows: await part.rows(), note: part.note?.() };
  if (name === 'engine') writeJson(section.rows, values);
  process.stderr.write(` ${((performance.now() - partBegan) / 1000).toFixed(0)} s\n`);
  process.stderr.write(`${table(section.rows)}\n`);
  sections.push(section);
}
process.stderr.write(`total ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
const drawn = values.write && !alone ? await charts(sections) : [];
const text = page(sections, drawn);
process.stdout.write(text);
if (values.write) {
  const [engine] = sections;
  const old = () => readFileSync('docs/benchmarks.md', 'utf8');
  mkdirSync('docs', { recursive: true });
  writeFileSync(
    'docs/benchmarks.md',
    alone && engine ? withSection(old(), engine) : withOthers(text, old()),
  );
  for (const { file, svg } of drawn) writeFileSync(`docs/${file}`, svg);
}
const short = sections.flatMap(({ rows }) => rows).filter(({ pass }) => pass === false);
process.stderr.write(`${short.length} bounds missed\n`);
process.exitCode = short.length === 0 ? 0 : 1;
