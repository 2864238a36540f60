/** The page that the benchmark writes: what was measured, where, and when. */

import { cpus, release, totalmem, type } from 'node:os';
import type { Chart } from './charts.ts';
import type { Cost } from './load.ts';
import { type Column, median, type Row } from './row.ts';

/** A part of the benchmark with what came of it. */
export interface Section {
  title: string;
  rows: readonly Row[];
  /** What a reader must know of this part alone. */
  note?: string | undefined;
  /** A table of its own, in the place of that of the rows. */
  text?: string;
}

/** The programs of the table of engines. */
const columns: Record<Column, string> = {
  'grpc-js': 'Usher, grpc-js',
  h2: 'Usher, h2',
  'grpc-go': 'grpc-go',
  tonic: 'tonic',
};

/** What a reader must know of the tables. */
const howToRead = [
  '- **Cores**: the server has the first core, the load the second.',
  '- **Ratios**: each compares two servers, measured in turns within one run. The number is the median ' +
    'of several such ratios.',
  '- **µs** are CPU time of the server, user and system. **Calls/s and times** are measured under a load ' +
    'that keeps the server busy, so that a call waits for those before it.',
  '- **First sight** is the first verification of a token, with nothing cached.',
];

/** The whole page, as Markdown. */
export function page(sections: readonly Section[], charts: readonly Chart[]): string {
  const date = today();
  const rows = sections.flatMap(section => section.rows);
  const bounded = rows.filter(({ pass }) => pass !== undefined);
  const short = bounded.filter(({ pass }) => pass === false);
  return [
    '# Benchmarks',
    `${bounded.length - short.length} of ${bounded.length} bounds are kept` +
      (short.length === 0 ? '. ' : '; the others are marked **falls short**. ') +
      `Measured on ${date} with Node ${process.version} on ${machine()}. ` +
      '`npm run bench -- --write` measures everything again and writes this page.',
    howToRead.join('\n'),
    ...charts.map(({ file, title }) => `![${title}](${file})`),
    ...sections.map(sectionText),
    '',
  ].join('\n\n');
}

/**
 * A page with one section in the place of the old one of that title, or at the end, and with the sum of its
 * bounds. A section says when it was measured, unless its note does.
 */
export function withSection(old: string, { note, ...other }: Section): string {
  const section = { note: note ?? `Measured on ${today()}.`, ...other };
  const [head = '', ...parts] = old.trimEnd().split(/^(?=## )/m);
  const at = parts.findIndex(part => part.startsWith(`## ${section.title}\n`));
  parts.splice(at === -1 ? parts.length : at, at === -1 ? 0 : 1, `${sectionText(section)}\n\n`);
  const kept = parts.join('').match(/\| pass \|/g)?.length ?? 0;
  const short = parts.join('').match(/\| \*\*falls short\*\* \|/g)?.length ?? 0;
  const summed = head.replace(/^\d+ of \d+ bounds/m, `${kept} of ${kept + short} bounds`);
  return `${[summed, ...parts].map(part => part.trimEnd()).join('\n\n')}\n`;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** A page with those sections of an old one that it lacks, at its end. */
export function withOthers(page: string, old: string): string {
  const titleOf = (part: string) => /^## .*/.exec(part)?.[0] ?? '';
  const partsOf = (text: string) => text.split(/^(?=## )/m).slice(1);
  const own = new Set(partsOf(page).map(titleOf));
  const others = partsOf(old).filter(part => !own.has(titleOf(part)));
  return `${[page, ...others].map(part => part.trimEnd()).join('\n\n')}\n`;
}

function sectionText({ title, note, rows, text = table(rows) }: Section): string {
  return [`## ${title}`, ...(note === undefined ? [] : [note]), text].join('\n\n');
}

/** Rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  if (rows.some(({ programs }) => programs !== undefined)) return tableOfPrograms(rows);
  const timed = rows.some(({ cost }) => cost !== undefined);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['what', 'measured', 'bound', ''];
  const more = ['calls/s', 'p50 ms', 'p99 ms'];
  const names = timed ? [...head, ...more] : head;
  return [
    line(names),
    `|${names.map((_, n) => (n > 3 ? '---:' : '---')).join('|')}|`,
    ...rows.map(row => {
      const cells = [row.what, row.measured, row.bound ?? '', verdict(row)];
      return line(timed ? [...cells, ...timesOf(row.cost)] : cells);
    }),
  ].join('\n');
}

/** Rows as a Markdown table with a column for each program. */
function tableOfPrograms(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = ['load', ...Object.values(columns), 'ratio', 'must', 'met'];
  return [
    line(head),
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map(({ what, measured, bound, pass, programs }) => {
      const cells = (Object.keys(columns) as Column[]).map(column =>
        programs === undefined ? '' : spread(programs.rounds[column] ?? [], programs.unit),
      );
      const met = pass === undefined ? '' : pass ? 'yes' : '**no**';
      return line([what, ...cells, measured, bound ?? '', met]);
    }),
  ].join('\n');
}

/** "2.43 µs (2.40–2.51)": the median, the least and the most. */
function spread(values: readonly number[], unit: string): string {
  if (values.length === 0) return '';
  const middle = median(values);
  const shown = (value: number) => value.toFixed(middle < 10 ? 2 : middle < 100 ? 1 : 0);
  const text = `${shown(middle)} ${unit}`;
  if (values.length === 1) return text;
  return `${text} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

function timesOf(cost: Cost | undefined): string[] {
  if (cost === undefined) return ['', '', ''];
  const rate = Math.round(cost.callsPerSecond).toLocaleString('en');
  return [rate, cost.p50Ms.toFixed(2), cost.p99Ms.toFixed(2)];
}

function verdict({ pass }: Row): string {
  if (pass === undefined) return '';
  return pass ? 'pass' : '**falls short**';
}

/** The machine, as the page names it. */
export function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} x ${cpus()[0]?.model.trim()}, ${memory}, ${type()} ${release()}`;
}
