/** Runs the command that the command line names. */

import { runCommand } from './cli/program.ts';
import { openTerminal } from './cli/terminal.ts';
import type { Environment } from './settings/config.ts';

// A reader that has seen enough, as in `usher token list | head`, is no error.
process.stdout.on('error', error => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  terminal: openTerminal(process, process.env),
  stdin: process.stdin,
  now: Date.now,
  serve,
});

/** Only `usher serve` loads the server, so that the other commands answer at once. */
async function serve(env: Environment): Promise<void> {
  const { serve: start } = await import('./server/serve.ts');
  await start(env);
}
