/** Runs the command given on the command line. */

import { runCommand } from './cli/program.ts';
import { openTerminal } from './cli/terminal.ts';
import type { Environment } from './settings/config.ts';

// A reader that closes the pipe early, as in `usher token list | head`, is not an error.
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
  ...{ restore, checkBackup },
});

/** Loads the server only for `usher serve`, so that other commands start fast. */
async function serve(env: Environment): Promise<void> {
  const { boundHeap } = await import('./server/heap.ts');
  boundHeap();
  const { serve: start } = await import('./server/serve.ts');
  await start(env);
}

/** As `restore`. */
async function checkBackup(env: Environment, path: string) {
  const { checkBackupFile } = await import('./server/restore.ts');
  return await checkBackupFile(env, path);
}

/** Loads the stores only for `usher restore`. */
async function restore(env: Environment, path: string, warn: (message: string) => void) {
  const { restore: start } = await import('./server/restore.ts');
  return await start(env, path, warn);
}
