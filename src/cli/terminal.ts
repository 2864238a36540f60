/**
 * Prints the output of commands: tables and colours for people, plain lines and JSON for programs.
 */

import Table from 'cli-table3';
import picocolors from 'picocolors';

/** The output of a command. */
export interface Terminal {
  /** Writes lines of the result to the standard output. */
  out(text: string): void;
  /** Writes a remark to the standard error. */
  note(text: string): void;
  /** Whether the standard output is a terminal. */
  readonly rich: boolean;
  /** How many characters fit in a line of the terminal; absent where that is not known. */
  readonly columns?: number;
  /** Whether the standard error is a terminal. */
  readonly notesRich: boolean;
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
    ...(rich && stdout.columns > 0 ? { columns: stdout.columns } : {}),
    notesRich: stderr.isTTY === true,
    colors: picocolors.createColors(rich && !env.NO_COLOR && env.TERM !== 'dumb'),
  };
}

/** Prints a value as JSON on one line. */
export function outJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value));
}

/** Prints rows as a table, or with columns separated by tabs if the output is not a terminal. */
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
  const titles = head.map(title => terminal.colors.bold(title));
  const table = new Table({ head: titles, chars: noBorders, style: plainStyle });
  for (const [row, cells] of clean.entries()) {
    table.push(cells.map((text, column) => paint(text, column, row)));
  }
  terminal.out(table.toString());
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

const plainStyle = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 };

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
