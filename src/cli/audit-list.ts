/** `usher audit list`: entries in words, newest first. */

import type { Command } from 'commander';
import type { AuditEntry, AuditPage } from '../api/audit-log.ts';
import { auditPages } from '../api/audit-log.ts';
import { utcTime } from '../wording/audit-csv.ts';
import { plainSentence, tell } from '../wording/audit-sentence.ts';
import { addFilterOptions, type FilterOptions, filterOf } from './audit-filter.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { count } from './option-values.ts';
import { outJson, outTable, printable, type Terminal } from './terminal.ts';

/** Adds the command. */
export function addAuditList(audit: Command, context: Context): void {
  const command = audit.command('list').description('list entries in words, newest first');
  addFilterOptions(command, context.now)
    .option('--limit <count>', 'how many at most', count(1), 50)
    .action(async (_, self: Command) => {
      const options = optionsOf<FilterOptions & { limit: number }>(self);
      const query = { ...filterOf(options), oldestFirst: false, limit: options.limit };
      const { terminal } = context;
      const shown: Shown[] = [];
      for await (const page of readPages(auditPages(connect(context, options), query), terminal)) {
        for (const entry of page.entries) shown.push({ entry, ...inWords(entry, page.names) });
      }
      if (options.json) {
        outJson(terminal, { events: shown.map(({ entry, ...words }) => ({ ...entry, ...words })) });
      } else if (terminal.rich) outSentences(terminal, shown);
      else outColumns(terminal, shown);
      if (shown.length === 0) terminal.note('no entries found');
    });
}

interface Shown {
  entry: AuditEntry;
  /** Who did it, by name. */
  who: string;
  /** What happened, in words. */
  sentence: string;
}

function inWords(entry: AuditEntry, names: AuditPage['names']): Omit<Shown, 'entry'> {
  const told = tell(entry, { names, sayTime: utcTime });
  return { who: told.who, sentence: plainSentence(told) };
}

/** Passes pages on, and shows on a terminal how far the log was read. */
export async function* readPages(
  pages: ReturnType<typeof auditPages>,
  terminal: Terminal,
): ReturnType<typeof auditPages> {
  let found = 0;
  for await (const page of pages) {
    found += page.entries.length;
    yield page;
    if (!terminal.notesRich || page.left === 0) continue;
    const all = page.examined + page.left;
    terminal.note(`${page.examined} of ${all} entries read, ${found} found …`);
  }
}

/** Lines that fit the terminal; a sentence goes on below its beginning. */
function outSentences(terminal: Terminal, shown: readonly Shown[]): void {
  const { colors, columns = 100 } = terminal;
  const numbers = Math.max(0, ...shown.map(({ entry }) => String(entry.sequence).length));
  for (const { entry, sentence } of shown) {
    const number = String(entry.sequence).padStart(numbers);
    const time = utcTime(Date.parse(entry.time));
    const indent = number.length + time.length + 4;
    const [first = '', ...rest] = wrapped(printable(sentence), Math.max(20, columns - indent));
    terminal.out(`${colors.dim(`${number}  ${time}`)}  ${first}`);
    for (const line of rest) terminal.out(' '.repeat(indent) + line);
  }
}

/** A text in lines of at most `width` characters, broken between words where possible. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return line === '' ? lines : [...lines, line];
}

function outColumns(terminal: Terminal, shown: readonly Shown[]): void {
  const head = ['NO', 'TIME', 'ACTION', 'WHO', 'FROM', 'ACCESS TOKEN', 'DETAIL', 'SENTENCE'];
  const rows = shown.map(({ entry, who, sentence }) => {
    const { sequence, time, action, peer, tokenId, detail } = entry;
    return [String(sequence), time, action, who, peer || '-', tokenId || '-', detail, sentence];
  });
  outTable(terminal, head, rows);
}
