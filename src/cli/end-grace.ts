/** `usher token end-grace`: ends the grace of a rotation by hand. */

import type { Command } from 'commander';
import { endGrace, getToken } from '../api/access-tokens.ts';
import { confirm, nameInQuestion, yesOption } from './confirm.ts';
import { type Context, change, connect, optionsOf } from './context.ts';
import { foundId } from './found-id.ts';
import { idPrefix, uuid } from './option-values.ts';
import { outToken } from './token-output.ts';

/** Adds the command. */
export function addEndGrace(token: Command, context: Context): void {
  token
    .command('end-grace')
    .description('end the grace of the last rotation: the previous token or secret ends now')
    .argument('<id>', 'UUID, or its first characters', idPrefix)
    .option('--request-id <uuid>', 'repeat a change whose outcome is not known', uuid)
    .option(...yesOption)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<{ requestId?: string; yes?: true }>(self);
      const admin = connect(context, options);
      const id = await foundId(admin, given);
      await confirm(context, options, async () => {
        return `Ends the previous token or secret of ${nameInQuestion(await getToken(admin, id))}.`;
      });
      const ended = await change(options.requestId, requestId => endGrace(admin, id, requestId));
      outToken(context.terminal, ended, options.json);
    });
}
