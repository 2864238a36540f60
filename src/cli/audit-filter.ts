/** The options of `usher audit` that choose entries. */

import { type Command, InvalidArgumentError } from 'commander';
import type { AuditFilter } from '../api/audit-log.ts';
import { hint } from '../reading/nearest.ts';
import { actionGroups, auditActions } from '../wording/actions.ts';
import { durationSeconds, idOrName, time, uuid, word } from './option-values.ts';

/** The values of these options. */
export interface FilterOptions {
  by?: string;
  token?: string;
  owner?: string;
  action?: string[];
  since?: Date;
  until?: Date;
  outcome?: 'done' | 'refused';
}

/** Adds the options to a command. `now` is in milliseconds since 1970. */
export function addFilterOptions(command: Command, now: () => number): Command {
  const moment = momentBefore(now);
  return command
    .option('--by <who>', 'only what this person or access token did: an id, or text in the name')
    .option(
      '--token <token>',
      'only those of an access token: its id, or text in the name',
      idOrName,
    )
    .option('--owner <owner>', 'only those of the access tokens of this owner')
    .option('--action <action>', 'only this action or group of actions; can be repeated', action)
    .option('--since <time>', 'only from then on, such as 2d (two days ago) or 2026-02-22', moment)
    .option('--until <time>', 'only before then', moment)
    .option('--outcome <outcome>', 'only what was done, or refused', word(['done', 'refused']));
}

/** The filter of the options. */
export function filterOf(options: FilterOptions): AuditFilter {
  const { by, token, owner, action: actions, since, until, outcome } = options;
  return {
    ...{ actor: by, owner, actions, since, until, outcome },
    ...(token !== undefined && isUuid(token) ? { tokenId: uuid(token) } : { tokenName: token }),
  };
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function action(text: string, before: string[] | undefined): string[] {
  const known = [...Object.keys(auditActions), ...actionGroups];
  if (known.includes(text)) return [...(before ?? []), text];
  throw new InvalidArgumentError(
    `no action and no group of actions${hint(text, known)} \`usher audit actions\` lists them`,
  );
}

/** Parses a time, a day in UTC, or how long ago it was. */
function momentBefore(now: () => number): (text: string) => Date {
  return text => {
    if (/^[0-9]+[a-z]+$/.test(text)) return new Date(now() - durationSeconds(text) * 1000);
    return time(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  };
}
