/** Options that select the access tokens of a job. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Kind, State } from '../api/access-token.ts';
import type { JobSelection } from '../api/jobs.ts';
import type { Context } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { durationSeconds, word } from './option-values.ts';

/** The options. */
export interface SelectionOptions {
  owner?: string;
  kind?: Kind;
  state?: State;
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
    .option('--text <text>', 'only those whose id, name, owner or a scope contains this text')
    .option('--expires-within <time>', 'only those that expire within this time', durationSeconds)
    .option('--ids-from <file>', 'those whose ids are in a file, one a line; - for standard input');
}

/** Whether one of the options is given. */
export function isSelecting(options: SelectionOptions): boolean {
  const { owner, kind, state, text, expiresWithin, idsFrom } = options;
  return [owner, kind, state, text, expiresWithin, idsFrom].some(each => each !== undefined);
}

/** What the options select. Throws UsageError. */
export async function selectionOf(
  context: Context,
  options: SelectionOptions,
): Promise<JobSelection> {
  const { owner, kind, state, text, expiresWithin, idsFrom } = options;
  const isFiltered = [kind, state, text, expiresWithin].some(each => each !== undefined);
  if (idsFrom !== undefined) {
    if (isFiltered || owner !== undefined) {
      throw new UsageError('--ids-from names the access tokens: leave out the other filters');
    }
    return { ids: await readIds(context, idsFrom) };
  }
  if (isFiltered) {
    return { filter: { owner, kind, state, text, expiresWithinSeconds: expiresWithin } };
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
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() !== '') ids.push(line.trim());
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new UsageError(`${path} cannot be read (${error.code})`);
  }
  if (ids.length === 0) throw new UsageError(`${path} names no access token`);
  return ids;
}
