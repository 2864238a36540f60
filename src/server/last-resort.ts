/** What becomes of an error that nothing caught: a fault of Usher, after which it can know nothing. */

import type { Logger } from '../log.ts';

/** The exit code for a fault of Usher itself (EX_SOFTWARE). */
const exitCode = 70;

/** Ends the process with exit code 70 for a fault that only a new one can mend. */
export function endWith(log: Pick<Logger, 'fatal'>, problem: string): void {
  log.fatal(problem);
  process.exit(exitCode);
}

/**
 * Logs such an error, and ends the process with exit code 70. Node.js would print it with all that a
 * library put into it, such as the arguments of a command to the store.
 */
export function endOnUncaught(log: Logger): void {
  process.on('uncaughtException', error => {
    log.fatal({ error }, 'an error that nothing caught ends the process');
    process.exit(exitCode);
  });
}
