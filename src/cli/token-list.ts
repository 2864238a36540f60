/** `usher token list`: searches, filters and sorts access tokens. */

import type { Command } from 'commander';
import type { Kind, State } from '../api/access-token.ts';
import { type ListFilter, type ListProgress, listSorts, listTokens } from '../api/list-tokens.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { count, durationSeconds, word } from './option-values.ts';
import { outJson, type Terminal } from './terminal.ts';
import { outTokens } from './token-output.ts';

const kinds = ['static', 'jwt'] as const satisfies Kind[];
const states = ['active', 'expired', 'revoked'] as const satisfies State[];

type ListOptions = ListFilter & {
  expiresWithin?: number;
  unused?: number;
  limit: number;
  all?: true;
};

/** Adds the options that say which access tokens are meant. */
function addFilterOptions(command: Command): Command {
  return command
    .option('--kind <kind>', 'only static or jwt ones', word(kinds))
    .option('--owner <owner>', 'only those of this owner')
    .option('--state <state>', 'only active, expired or revoked ones', word(states))
    .option('--scope <scope>', 'only those with this scope')
    .option('--made-by <actor>', 'only those that this one made: an id, "person:ID" or "admin"')
    .option('--text <text>', 'only those whose id, name, owner or a scope contains this text')
    .option(
      '--expires-within <duration>',
      'only active ones that expire within this time',
      durationSeconds,
    )
    .option('--unused <duration>', 'only those not used for this time, as in 90d', durationSeconds);
}

/** The filter of such options. */
function filterOf(options: Partial<ListOptions>): ListFilter {
  const { expiresWithin, unused, ...filter } = options;
  return { ...filter, expiresWithinSeconds: expiresWithin, unusedSeconds: unused };
}

/** Adds the command. */
export function addList(token: Command, context: Context): void {
  const command = token.command('list').description('list access tokens');
  addFilterOptions(command)
    .option('--sort <order>', listSorts.join(', '), word(listSorts))
    .option('--reverse', 'the opposite order')
    .option('--limit <count>', 'how many at most', count(1), 100)
    .option('--all', 'without a limit')
    .action(async (_, self: Command) => {
      const options = optionsOf<ListOptions>(self);
      if (options.all && self.getOptionValueSource('limit') === 'cli') {
        throw new UsageError('give one of --limit and --all');
      }
      const { terminal } = context;
      const limit = options.all ? Number.MAX_SAFE_INTEGER - 1 : options.limit;
      const admin = connect(context, options);
      const found = await Array.fromAsync(
        listTokens(admin, filterOf(options), limit + 1, sofar => noteSearch(terminal, sofar)),
      );
      const more = found.length > limit;
      const accessTokens = found.slice(0, limit);
      if (options.json) return outJson(terminal, { accessTokens, more });
      outTokens(terminal, accessTokens);
      if (more) terminal.note('more follow: use --limit or --all');
    });
}

/** Tells, at a terminal, how far a search is that has to go on. */
function noteSearch(terminal: Terminal, { searched, total, found }: ListProgress): void {
  if (!terminal.notesRich) return;
  const number = (value: number) => value.toLocaleString('en');
  terminal.note(`searched ${number(searched)} of ${number(total)}, ${number(found)} found …`);
}
