/** Runs the command given on the command line. */

import { openTerminal } from './cli/terminal.ts';
import { logOutput, setNonBlocking } from './log-output.ts';
import type { Environment } from './settings/config.ts';

const args = process.argv.slice(2);
const isServer = args.length === 1 && args[0] === 'serve';
let serves = isServer;

// Without a listener, Node opens its debugger on this signal, for every user of the machine.
process.on('SIGUSR1', () => undefined);
// This signal ends no server: one that is still being loaded has nothing to read again.
if (isServer) process.on('SIGHUP', () => undefined);

process.stdout.on('error', error => {
  // A server goes on without a reader, or a place, for what it prints.
  if (serves) return;
  // A reader that closes the pipe early, as in `usher token list | head`, is not an error.
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(`usher: the output cannot be written (${code})\n`);
  process.exit(2);
});
process.stderr.on('error', () => undefined);

process.exitCode = isServer ? await serveAlone() : await runOther();

/** Loads no other command for `usher serve`: they would take 30 MB as long as it runs. */
async function serveAlone(): Promise<number> {
  try {
    await serve(process.env);
    return 0;
  } catch (error) {
    const { exitCodeOf, explain } = await import('./cli/exit-codes.ts');
    logOutput.write(`usher: ${explain(error)}\n`);
    // At once, whatever still waits for the reader of the standard output.
    process.exit(exitCodeOf(error));
  }
}

async function runOther(): Promise<number> {
  const { runCommand } = await import('./cli/program.ts');
  return await runCommand(args, {
    ...{
      env: process.env,
      terminal: openTerminal(process, process.env),
      stdin: process.stdin,
      now: Date.now,
    },
    ...{ serve, restore, checkBackup },
  });
}

/** Loads the server only for `usher serve`, so that other commands start fast. */
async function serve(env: Environment): Promise<void> {
  serves = true;
  setNonBlocking(process.stdout);
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
