/** Assembles the command line from all commands, and maps errors to exit codes. */

import { Command, CommanderError, Option } from 'commander';
import { settingsTable } from '../settings/settings.ts';
import { version } from '../version.ts';
import { addAuditCommands } from './audit.ts';
import { addBackupCommands } from './backup.ts';
import { addCompletionCommands } from './completion.ts';
import { addConfigCommand } from './config.ts';
import type { Context } from './context.ts';
import { addDevCertsCommand } from './dev-certs.ts';
import { exitCodeOf, exitCodes, explain, faultOf, UsageError } from './exit-codes.ts';
import { addHealthcheckCommand } from './healthcheck.ts';
import { addInvitationCommands } from './invitations.ts';
import { addJobsCommands } from './jobs.ts';
import { asksForJson, asksForWide, jsonError, jsonTerminal } from './json-terminal.ts';
import { addJwtCommands } from './jwt.ts';
import { addKeysCommands } from './keys.ts';
import { addLeaksCommands } from './leaks.ts';
import { addLogCommands } from './log.ts';
import { addLoginCommand } from './login.ts';
import { timeoutSeconds } from './option-values.ts';
import { addPeopleCommands } from './people.ts';
import { outSettings } from './settings.ts';
import { addStoreCommands } from './store.ts';
import { refuseIgnored } from './strict-options.ts';
import { addTokenCommands } from './token.ts';
import { addVerifyCommand } from './verify.ts';
import { addWebhookCommands } from './webhooks.ts';
import { addWhoisCommand } from './whois.ts';

const callTimeoutSeconds = 15;

const help = `
Settings are environment variables: usher settings lists them. Commands find the server by
USHER_MANAGER_URL, and the admin token by USHER_ADMIN_TOKEN or the data folder of USHER_STORE.

With --json, results, remarks and errors are JSON, one object a line; the last two on the standard
error.

Exit codes: 0 success, or a valid token; 1 refused; 2 wrong usage; 69 no server, store or answer in
time; 70 internal error; 77 not allowed; 78 wrong settings.`;

/** Runs a command; resolves to its exit code. Errors are printed, not thrown. */
export async function runCommand(args: readonly string[], context: Context): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const exit = (code: number) => {
    exitCode = code;
  };
  const isJson = asksForJson(args);
  const terminal = asksForWide(args)
    ? { ...context.terminal, columns: undefined }
    : context.terminal;
  const program = buildProgram(
    { ...context, terminal: isJson ? jsonTerminal(terminal) : terminal },
    exit,
    isJson,
  );
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === exitCodes.ok) return code;
    if (isJson) terminal.note(jsonError(faultOf(error), code));
    // Commander has printed its errors already.
    else if (!(error instanceof CommanderError)) terminal.note(`usher: ${explain(error)}`);
    return code;
  }
}

/** The program with all its commands. With `isJson`, commander itself writes no errors. */
export function buildProgram(
  context: Context,
  exit: (code: number) => void,
  isJson: boolean,
): Command {
  const program = new Command('usher')
    .description('Usher knows whether a token is good.')
    .version(version, '--version', 'the version of Usher')
    .option('--json', 'answer in JSON')
    .option('--wide', 'do not cut tables to the width of the terminal')
    .addOption(
      new Option('--timeout <duration>', 'how long a call may take, such as 90s, or seconds')
        .argParser(timeoutSeconds)
        .default(callTimeoutSeconds, `${callTimeoutSeconds}s`),
    )
    .addHelpText('after', help)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help lists what is possible)')
    .exitOverride()
    .configureOutput({
      writeOut: text => context.terminal.out(text.trimEnd()),
      writeErr: text => {
        if (!isJson) context.terminal.note(text.trimEnd());
      },
    });
  program
    .command('serve')
    .description('start the server')
    .action(() => context.serve(context.env));
  addHealthcheckCommand(program, context, exit);
  addLoginCommand(program, context);
  addTokenCommands(program, context, exit);
  addJobsCommands(program, context, exit);
  addJwtCommands(program, context);
  addVerifyCommand(program, context, exit);
  addWhoisCommand(program, context, exit);
  addWebhookCommands(program, context, exit);
  addAuditCommands(program, context, exit);
  addLogCommands(program, context, exit);
  addStoreCommands(program, context, exit);
  addPeopleCommands(program, context);
  addInvitationCommands(program, context);
  addKeysCommands(program, context, exit);
  addLeaksCommands(program, context);
  addBackupCommands(program, context, exit);
  addConfigCommand(program, context);
  addDevCertsCommand(program, context);
  addCompletionCommands(program, context);
  program
    .command('settings')
    .description('list all settings')
    .option('--markdown', 'print the Markdown table of the README')
    .action((options: { markdown?: true }, self: Command) => {
      const json = self.optsWithGlobals<{ json?: true }>().json;
      if (json && options.markdown) throw new UsageError('give one of --json and --markdown');
      if (options.markdown) context.terminal.out(settingsTable());
      else outSettings(context.terminal, json);
    });
  refuseIgnored(program, context.env);
  return program;
}
