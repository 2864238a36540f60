/** Assembles the command line from all commands, and maps errors to exit codes. */

import { Command, CommanderError } from 'commander';
import { settingsTable } from '../settings/settings.ts';
import { version } from '../version.ts';
import { addAuditCommands } from './audit.ts';
import { addBackupCommands } from './backup.ts';
import { addConfigCommand } from './config.ts';
import type { Context } from './context.ts';
import { exitCodeOf, exitCodes, explain } from './exit-codes.ts';
import { addJwtCommands } from './jwt.ts';
import { durationSeconds } from './option-values.ts';
import { outSettings } from './settings.ts';
import { addStoreCommands } from './store.ts';
import { addTokenCommands } from './token.ts';
import { addVerifyCommand } from './verify.ts';
import { addWhoisCommand } from './whois.ts';

const callTimeoutSeconds = 15;

const help = `
Settings are environment variables: usher settings lists them. Commands find the server by
USHER_MANAGER_URL, and the admin token by USHER_ADMIN_TOKEN or the data folder of USHER_STORE.

Exit codes: 0 success, or a valid token; 1 refused; 2 wrong usage; 69 no server, store or answer in
time; 70 internal error; 77 not allowed; 78 wrong settings.`;

/** Runs a command; resolves to its exit code. Errors are printed, not thrown. */
export async function runCommand(args: readonly string[], context: Context): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = build(context, code => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its errors already.
    if (!(error instanceof CommanderError)) context.terminal.note(`usher: ${explain(error)}`);
    return exitCodeOf(error);
  }
}

function build(context: Context, exit: (code: number) => void): Command {
  const program = new Command('usher')
    .description('Usher knows whether a token is good.')
    .version(version, '--version', 'the version of Usher')
    .option('--json', 'answer in JSON')
    .option('--timeout <duration>', 'how long a call may take', durationSeconds, callTimeoutSeconds)
    .addHelpText('after', help)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: text => context.terminal.out(text.trimEnd()),
      writeErr: text => context.terminal.note(text.trimEnd()),
    });
  program
    .command('serve')
    .description('start the server')
    .action(() => context.serve(context.env));
  addTokenCommands(program, context, exit);
  addJwtCommands(program, context);
  addVerifyCommand(program, context, exit);
  addWhoisCommand(program, context, exit);
  addAuditCommands(program, context, exit);
  addStoreCommands(program, context, exit);
  addBackupCommands(program, context, exit);
  addConfigCommand(program, context);
  program
    .command('settings')
    .description('list all settings')
    .option('--markdown', 'print the Markdown table of the README')
    .action((options: { markdown?: true }, self: Command) => {
      const json = self.optsWithGlobals<{ json?: true }>().json;
      if (options.markdown) context.terminal.out(settingsTable());
      else outSettings(context.terminal, json);
    });
  return program;
}
