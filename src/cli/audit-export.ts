/** `usher audit export`: entries as JSON Lines or CSV. `usher audit actions`: what entries there are. */

import type { Command } from 'commander';
import { type AuditPage, auditPages } from '../api/audit-log.ts';
import { actionsMarkdown, auditActions } from '../wording/actions.ts';
import { byteOrderMark, csvHead, csvRows } from '../wording/audit-csv.ts';
import { addFilterOptions, type FilterOptions, filterOf } from './audit-filter.ts';
import { readPages } from './audit-list.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { writeNewFile } from './new-file.ts';
import { word } from './option-values.ts';
import { outJson, outTable } from './terminal.ts';

type Format = 'jsonl' | 'csv';

interface ExportOptions extends FilterOptions {
  out?: string;
  format: Format;
}

/** Adds the command. */
export function addAuditExport(audit: Command, context: Context): void {
  const command = audit
    .command('export')
    .description('write entries, oldest first; `verify` checks an export of all as JSON Lines')
    .option('--out <file>', 'a new file, instead of the standard output')
    .option('--format <format>', 'jsonl or csv', word(['jsonl', 'csv']), 'jsonl');
  addFilterOptions(command, context.now).action(async (_, self: Command) => {
    const options = optionsOf<ExportOptions>(self);
    const query = { ...filterOf(options), oldestFirst: true, limit: Number.MAX_SAFE_INTEGER };
    const pages = readPages(auditPages(connect(context, options), query), context.terminal);
    const texts = textsOf(pages, options.format, options.out !== undefined);
    if (options.out !== undefined) await writeNewFile(options.out, texts);
    else for await (const text of texts) context.terminal.out(text.replace(/\n$/, ''));
  });
}

/** The texts of an export, each of whole lines. Programs that read a pipe expect no byte order mark. */
async function* textsOf(
  pages: AsyncIterable<AuditPage>,
  format: Format,
  isFile: boolean,
): AsyncGenerator<string> {
  if (format === 'csv') yield isFile ? csvHead() : csvHead().slice(byteOrderMark.length);
  for await (const { entries, names } of pages) {
    if (entries.length === 0) continue;
    if (format === 'csv') yield csvRows(entries, names);
    else yield entries.map(entry => `${JSON.stringify(entry)}\n`).join('');
  }
}

/** Adds the command that lists the actions. */
export function addAuditActions(audit: Command, { terminal }: Context): void {
  audit
    .command('actions')
    .description('list the actions of entries, and what an entry of each holds')
    .option('--markdown', 'print the table of docs/audit-log.md')
    .action((_, self: Command) => {
      const options = optionsOf<{ markdown?: true }>(self);
      const rows = Object.entries(auditActions);
      if (options.markdown) terminal.out(actionsMarkdown());
      else if (options.json) {
        const actions = rows.map(([action, { title, holds }]) => ({ action, title, holds }));
        outJson(terminal, { actions });
      } else {
        const plain = rows.map(([action, { title, holds }]) => [
          ...[action, title, holds.replaceAll('`', '')],
        ]);
        outTable(terminal, ['ACTION', 'IN WORDS', 'HOLDS'], plain);
      }
    });
}
