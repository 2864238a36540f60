/** `usher token`: creates, lists, shows, changes, rotates, revokes and imports access tokens. */

import { type Command, Option } from 'commander';
import type { Kind } from '../api/access-token.ts';
import {
  createToken,
  getToken,
  revokeToken,
  rotateToken,
  updateToken,
} from '../api/access-tokens.ts';
import { confirm, nameInQuestion, yesOption } from './confirm.ts';
import type { Context } from './context.ts';
import { change, connect, optionsOf } from './context.ts';
import { addEndGrace } from './end-grace.ts';
import { UsageError } from './exit-codes.ts';
import { foundId } from './found-id.ts';
import { addImport } from './import.ts';
import { addRunOptions, type RunOptions, runJob } from './job-run.ts';
import { addSelectionOptions, isSelecting } from './job-selection.ts';
import { count, durationSeconds, idPrefix, uuid, word } from './option-values.ts';
import { addReseal } from './reseal.ts';
import type { ClearingOptions, FieldOptions } from './token-fields.ts';
import {
  addClearingOptions,
  addFieldOptions,
  changedFields,
  chosenFields,
} from './token-fields.ts';
import { addList } from './token-list.ts';
import { outRevealed, outToken } from './token-output.ts';
import { addTokenPattern } from './token-pattern.ts';

const kinds = ['static', 'jwt'] as const satisfies Kind[];

/** Adds the commands. `import` and `reseal` call `exit` with their exit code. */
export function addTokenCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const token = program
    .command('token')
    .description('create, show, change and revoke access tokens');
  addCreate(token, context);
  addList(token, context);
  addShow(token, context);
  addUpdate(token, context);
  addRotate(token, context);
  addEndGrace(token, context);
  addRevoke(token, context, exit);
  addImport(token, context, exit);
  addReseal(token, context, exit);
  addTokenPattern(token, context);
}

type CreateOptions = FieldOptions & { kind: Kind; requestId?: string };

function addCreate(token: Command, context: Context): void {
  const command = token
    .command('create')
    .description('create an access token; its token or secret is shown only once')
    .requiredOption('--kind <kind>', 'static or jwt', word(kinds))
    .requiredOption('--name <name>', 'for people, 1 to 128 characters');
  addFieldOptions(command).action(async (_, self: Command) => {
    const options = optionsOf<CreateOptions>(self);
    const fields = chosenFields(options, context.now());
    const admin = connect(context, options);
    const made = await change(options.requestId, id =>
      createToken(admin, options.kind, fields, id),
    );
    outRevealed(context.terminal, made, options.json);
  });
}

function addShow(token: Command, context: Context): void {
  token
    .command('show')
    .description('show an access token; never its token or secret')
    .argument('<id>', 'UUID, or its first characters', idPrefix)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      outToken(context.terminal, await getToken(admin, await foundId(admin, given)), options.json);
    });
}

type UpdateOptions = FieldOptions & ClearingOptions & { revision?: number; requestId?: string };

function addUpdate(token: Command, context: Context): void {
  const command = token
    .command('update')
    .description('change the given fields of an access token')
    .argument('<id>', 'UUID, or its first characters', idPrefix)
    .option('--name <name>', 'for people, 1 to 128 characters')
    .option('--revision <number>', 'change it only if it has this revision', count(1));
  addClearingOptions(addFieldOptions(command)).action(async (given: string, _, self: Command) => {
    const options = optionsOf<UpdateOptions>(self);
    const fields = changedFields(options, context.now());
    const admin = connect(context, options);
    const id = await foundId(admin, given);
    const changed = await change(options.requestId, requestId =>
      updateToken(admin, id, fields, options.revision, requestId),
    );
    outToken(context.terminal, changed, options.json);
  });
}

function addRotate(token: Command, context: Context): void {
  token
    .command('rotate')
    .description('issue a new token or secret, shown only once')
    .argument('<id>', 'UUID, or its first characters', idPrefix)
    .addOption(
      new Option('--grace <duration>', 'how long the previous one stays valid, up to 30d')
        .argParser(durationSeconds)
        .default(0, '0s'),
    )
    .option('--request-id <uuid>', 'repeat a rotation whose outcome is not known', uuid)
    .option(...yesOption)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<{ grace: number; requestId?: string; yes?: true }>(self);
      const admin = connect(context, options);
      const id = await foundId(admin, given);
      const ends = 'Its current one ends at once; --grace gives its users time to change.';
      if (options.grace === 0) {
        await confirm(context, options, async () => {
          return `Rotates ${nameInQuestion(await getToken(admin, id))}. ${ends}`;
        });
      }
      const rotated = await change(options.requestId, requestId =>
        rotateToken(admin, id, options.grace, requestId),
      );
      outRevealed(context.terminal, rotated, options.json);
    });
}

function addRevoke(token: Command, context: Context, exit: (code: number) => void): void {
  const command = token
    .command('revoke')
    .description('revoke it permanently, or all that the filters select')
    .argument('[id]', 'UUID, or its first characters; none with --owner or a filter', idPrefix)
    .option('--reason <text>', 'why, for people and the audit log', '');
  addRunOptions(addSelectionOptions(command)).action(
    async (given: string | undefined, _, self: Command) => {
      const options = optionsOf<RunOptions & { reason: string }>(self);
      const { reason } = options;
      if (given === undefined) {
        exit(await runJob(context, { kind: 'revoke', reason }, options));
        return;
      }
      if (isSelecting(options)) throw new UsageError('give an id or filters, not both');
      const admin = connect(context, options);
      const id = await foundId(admin, given);
      await confirm(context, options, async () => {
        return `Revokes ${nameInQuestion(await getToken(admin, id))}. This cannot be undone.`;
      });
      const revoked = await change(options.requestId, requestId =>
        revokeToken(admin, id, reason, requestId),
      );
      outToken(context.terminal, revoked, options.json);
    },
  );
}
