/** Options that select the access tokens of a job. */

import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import type { Kind, State } from '../api/access-token.ts';
import type { JobSelection } from '../api/jobs.ts';
import { linesOf } from '../reading/lines.ts';
import type { Context } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { durationSeconds, word } from './option-values.ts';

/** The options. */
export interface SelectionOptions {
  owner?: string;
  kind?: Kind;
  state?: State;
  scope?: string;
  madeBy?: string;
  unused?: number;
  text?: string;
  expiresWithin?: number;
  idsFrom?: string;
}

/** Adds the options. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option('--owner <owner>', 'all access tokens of this owner')
    .option('--kind <kind>', 'only static or jwt ones', word(['static', 'jwt']))
    .option('--state <state>', 'only active or expired ones', word(['active', 'expired']))
    .option('--scope <scope>', 'only those with this scope')
    .option('--made-by <actor>', 'only those that this actor created')
    .option('--unused <time>', 'only those not used for this time', durationSeconds)
    .option('--text <text>', 'only those whose id, name, owner or a scope contains this text')
    .option('--expires-within <time>', 'only those that expire within this time', durationSeconds)
    .option('--ids-from <file>', 'those whose ids are in a file, one a line; - for standard input');
}

/** Whether one of the options is given. */
export function isSelecting(options: SelectionOptions): boolean {
  return isFiltered(options) || options.owner !== undefined || options.idsFrom !== undefined;
}

function isFiltered(options: SelectionOptions): boolean {
  const { kind, state, scope, madeBy, unused, text, expiresWithin } = options;
  return [kind, state, scope, madeBy, unused, text, expiresWithin].some(each => each !== undefined);
}

/** What the options select. Throws UsageError. */
export async function selectionOf(
  context: Context,
  options: SelectionOptions,
): Promise<JobSelection> {
  const { owner, kind, state, scope, madeBy, text, idsFrom } = options;
  if (idsFrom !== undefined) {
    if (isFiltered(options) || owner !== undefined) {
      throw new UsageError('--ids-from names the access tokens: leave out the other filters');
    }
    return { ids: await readIds(context, idsFrom) };
  }
  if (isFiltered(options)) {
    const times = { expiresWithinSeconds: options.expiresWithin, unusedSeconds: options.unused };
    return { filter: { owner, kind, state, scope, madeBy, text, ...times } };
  }
  if (owner) return { owner };
  throw new UsageError(
    'which access tokens? give --owner, another filter, or --ids-from; see --help',
  );
}

async function readIds({ stdin }: Context, path: string): Promise<string[]> {
  const ids: string[] = [];
  const input = path === '-' ? stdin : createReadStream(path);
  try {
    for await (const line of linesOf(input)) {
      if (line.trim() !== '') ids.push(line.trim());
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new UsageError(`${path} cannot be read (${error.code})`);
  }
  if (ids.length === 0) throw new UsageError(`${path} names no access token`);
  return ids;
}
