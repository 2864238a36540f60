/** `usher token reseal`: encrypts secrets with the first master key and counts them by key. */

import type { Command } from 'commander';
import { reseal } from '../api/import.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { outJson, outTable } from './terminal.ts';

const progressStep = 5000;

/** Adds the command. It calls `exit` with 1 if a master key in use is not in the settings. */
export function addReseal(token: Command, context: Context, exit: (code: number) => void): void {
  token
    .command('reseal')
    .description('reseal jwt secrets with the first master key, and count secrets by master key')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const { terminal } = context;
      const keys = new Map<string, { secrets: number; listed: boolean }>();
      let examined = 0;
      let resealed = 0;
      let shown = progressStep;
      for await (const page of reseal(connect(context, options))) {
        examined += page.examined;
        resealed += page.resealed;
        for (const { masterKeyId, secrets, listed } of page.masterKeys) {
          keys.set(masterKeyId, {
            secrets: secrets + (keys.get(masterKeyId)?.secrets ?? 0),
            listed,
          });
        }
        if (!terminal.notesRich || examined < shown) continue;
        terminal.note(`${examined} access tokens …`);
        shown = examined - (examined % progressStep) + progressStep;
      }
      const masterKeys = [...keys].map(([id, { secrets, listed }]) => ({ id, secrets, listed }));
      const missing = masterKeys.filter(({ listed }) => !listed);
      if (options.json) outJson(terminal, { examined, resealed, masterKeys });
      else {
        terminal.out(`${examined} access tokens, ${resealed} resealed`);
        const rows = masterKeys.map(({ id, secrets, listed }) => [
          id,
          String(secrets),
          listed ? 'yes' : 'NO',
        ]);
        outTable(terminal, ['MASTER KEY', 'SECRETS LEFT', 'LISTED'], rows);
      }
      for (const { id, secrets } of missing) {
        terminal.note(
          `warning: ${secrets} tokens and secrets are under master key ${id}, which ` +
            'USHER_MASTER_KEYS does not list: they cannot be verified until it does',
        );
      }
      exit(missing.length > 0 ? exitCodes.refused : exitCodes.ok);
    });
}
