/** `usher store`: looks after the store as a whole. */

import type { Command } from 'commander';
import { migrate } from '../api/store.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { outJson } from './terminal.ts';

/** Adds the commands. */
export function addStoreCommands(program: Command, context: Context): void {
  const store = program.command('store').description('look after the store');
  store
    .command('migrate')
    .description('sign the records of an earlier version; once all servers run this version')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const { terminal } = context;
      let examined = 0;
      let signed = 0;
      for await (const page of migrate(connect(context, options))) {
        examined += page.examined;
        signed += page.signed;
        if (terminal.notesRich) terminal.note(`${examined} access tokens …`);
      }
      if (options.json) outJson(terminal, { examined, signed });
      else {
        terminal.out(`${examined} access tokens, ${signed} records signed; the store is migrated`);
      }
    });
}
