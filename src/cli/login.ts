/** `usher login`: prints a link that signs in to the API Manager. */

import type { Command } from 'commander';
import { createSignInCode } from '../api/sign-in.ts';
import { readSetting } from '../settings/config.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { outJson } from './terminal.ts';

/** Adds the command. */
export function addLoginCommand(program: Command, context: Context): void {
  program
    .command('login')
    .description('print a link that signs in to the API Manager once, within ten minutes')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const { code, expiresAt } = await createSignInCode(connect(context, options));
      const url = new URL(`/login#${code}`, readSetting('managerUrl', context.env)).href;
      if (options.json) {
        outJson(context.terminal, { url, expiresAt: new Date(expiresAt).toISOString() });
        return;
      }
      context.terminal.out(url);
      const minutes = Math.round((expiresAt - context.now()) / 60_000);
      if (context.terminal.notesRich) {
        context.terminal.note(`it signs in once, within ${minutes} minutes`);
      }
    });
}
