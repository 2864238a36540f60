/** `usher leaks`: lists credentials that were reported as leaked, and dismisses them. */

import type { Command } from 'commander';
import { dismissLeak, type Leak, listLeaks } from '../api/leaks.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { foundId } from './found-id.ts';
import { idPrefix } from './option-values.ts';
import { outJson, outTable, type Terminal } from './terminal.ts';

/** Adds the commands. */
export function addLeaksCommands(program: Command, context: Context): void {
  const leaks = program
    .command('leaks')
    .description('credentials that were reported as leaked, and what was done about them');
  leaks
    .command('list')
    .description('list the leaks that need someone')
    .option('--token <id>', 'only those of this access token', idPrefix)
    .option('--all', 'also those that were dismissed')
    .action(async (_, self: Command) => {
      const options = optionsOf<{ token?: string; all?: true }>(self);
      const admin = connect(context, options);
      const listed = await listLeaks(admin, {
        ...(options.token && { tokenId: await foundId(admin, options.token) }),
        ...(options.all && { withDismissed: true }),
      });
      if (options.json) for (const leak of listed) outJson(context.terminal, leak);
      else outLeaks(context.terminal, listed);
    });
  leaks
    .command('dismiss')
    .description('note that a leak was taken care of')
    .argument('<leak>', 'its id, from the list')
    .option('--note <text>', 'a remark for the audit log', '')
    .action(async (id: string, _, self: Command) => {
      const options = optionsOf<{ note: string }>(self);
      const leak = await dismissLeak(connect(context, options), id, options.note);
      if (options.json) outJson(context.terminal, leak);
      else context.terminal.note('dismissed');
    });
}

function outLeaks(terminal: Terminal, leaks: Leak[]): void {
  if (leaks.length === 0) {
    terminal.note('no leaks');
    return;
  }
  const head = ['LEAK', 'WHAT', 'DONE', 'ACCESS TOKEN', 'LAST REPORTED', 'FOUND'];
  const rows = leaks.map(({ id, what, done, accessToken, findings }) => {
    const last = findings.at(-1);
    return [id, what, done, accessToken?.name ?? '-', last?.time ?? '-', last?.url || '-'];
  });
  outTable(terminal, head, rows, (text, column, row) => {
    if (column !== 2) return text;
    return leaks[row]?.done === 'revoked' ? terminal.colors.green(text) : terminal.colors.red(text);
  });
  for (const { id, problem } of leaks) if (problem) terminal.note(`${id}: ${problem}`);
}
