/**
 * Prints the output of commands: tables and colours for people, plain lines and JSON for programs.
 */

import Table from 'cli-table3';
import picocolors from 'picocolors';
import { columnWidths, shortened, widthOf } from './table-widths.ts';

/** The output of a command. */
export interface Terminal {
  /** Writes lines of the result to the standard output. */
  out(text: string): void;
  /** Writes a remark to the standard error. */
  note(text: string): void;
  /** Whether the standard output is a terminal. */
  readonly rich: boolean;
  /** Whether the standard error is a terminal. */
  readonly notesRich: boolean;
  /** How many characters fit in a line of it; absent where that is not known, or to cut nothing. */
  readonly columns?: number | undefined;
  /** Colours for `out`; they do nothing if it should be plain. */
  readonly colors: ReturnType<typeof picocolors.createColors>;
}

/** The terminal of this process; NO_COLOR and TERM=dumb turn colours off. */
export function openTerminal(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const rich = stdout.isTTY === true;
  return {
    out: text => void stdout.write(`${text}\n`),
    note: text => void stderr.write(`${text}\n`),
    rich,
    notesRich: stderr.isTTY === true,
    columns: rich ? stdout.columns : undefined,
    colors: picocolors.createColors(rich && !env.NO_COLOR && env.TERM !== 'dumb'),
  };
}

/** Prints a value as JSON on one line. */
export function outJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value));
}

/**
 * Prints rows as a table that fits on the terminal: long values are cut, and a remark says how to see
 * them in full. If the output is not a terminal, columns are separated by tabs and nothing is cut.
 */
export function outTable(
  terminal: Terminal,
  head: string[],
  rows: string[][],
  paint: (text: string, column: number, row: number) => string = text => text,
): void {
  const clean = rows.map(row => row.map(printable));
  if (!terminal.rich) {
    terminal.out([head, ...clean].map(row => row.join('\t')).join('\n'));
    return;
  }
  const { columns = Number.POSITIVE_INFINITY } = terminal;
  const widths = columnWidths(head, clean, columns, gap);
  if (widths === undefined) {
    outStacked(terminal, head, clean, paint);
    return;
  }
  const titles = head.map(title => terminal.colors.bold(title));
  const table = new Table({
    head: titles,
    ...{ chars: noBorders, style: plainStyle, colWidths: widths },
  });
  let isCut = false;
  for (const [row, cells] of clean.entries()) {
    const texts = cells.map((text, column) => shortened(text, (widths[column] ?? 0) - gap));
    isCut ||= texts.some((text, column) => widthOf(text) > (widths[column] ?? 0) - gap);
    table.push(texts.map((text, column) => paint(text, column, row)));
  }
  terminal.out(table.toString());
  if (isCut && terminal.notesRich) terminal.note('… is where values were cut: --wide shows all');
}

/** Rows below each other, for a terminal on which the table does not fit. */
function outStacked(
  terminal: Terminal,
  head: string[],
  rows: string[][],
  paint: (text: string, column: number, row: number) => string,
): void {
  const width = Math.max(...head.map(widthOf));
  for (const [row, cells] of rows.entries()) {
    if (row > 0) terminal.out('');
    for (const [column, text] of cells.entries()) {
      const title = terminal.colors.dim((head[column] ?? '').padEnd(width));
      terminal.out(`${title}  ${paint(text, column, row)}`);
    }
  }
}

/** Prints named values, one per line, without empty ones. */
export function outValues(terminal: Terminal, values: [string, string | undefined][]): void {
  const set = values.filter((pair): pair is [string, string] => Boolean(pair[1]));
  const width = Math.max(...set.map(([name]) => name.length));
  for (const [name, value] of set) {
    const title = terminal.colors.dim(name.padEnd(width));
    terminal.out(terminal.rich ? `${title}  ${printable(value)}` : `${name}\t${printable(value)}`);
  }
}

/** Escapes control characters, with which a name or reason could control the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    char => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

/** Blanks between columns. */
const gap = 2;
const plainStyle = { head: [], border: [], 'padding-left': 0, 'padding-right': gap };

const noBorders = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map(name => [name, '']),
);
