/** Whether LMDB can still use its file, and what a failed commit says. */

import type { Tables } from './tables.ts';

/** Whether the store can be read. */
export function canRead({ root }: Pick<Tables, 'root'>): boolean {
  try {
    root.get('audit-head');
    return true;
  } catch {
    return false;
  }
}

/** Why this process has to end, for the operator. */
export const givenUpText =
  'the disk was full, or failed, as the embedded store wrote its meta page, and LMDB gives up the file until a ' +
  'new process opens it: this one ends, and whatever supervises it starts it again; nothing acknowledged is lost';

/**
 * Whether LMDB has given up the file for this process: after a meta page could not be written it refuses all
 * reads (MDB_PANIC), and a transaction that begins afterwards never ends.
 */
export function isGivenUp(error: unknown, { root }: Pick<Tables, 'root'>): boolean {
  if (isPanic(error)) return true;
  try {
    root.resetReadTxn();
    root.get('audit-head');
    return false;
  } catch (cause) {
    return isPanic(cause);
  }
}

function isPanic(error: unknown): boolean {
  return String(error).includes('MDB_PANIC');
}

/** The cause of a failed commit, which LMDB puts in a promise of its own. */
export async function causeOf(error: unknown): Promise<Error> {
  const { commitError } = error as { commitError?: Promise<never> };
  const cause = await Promise.race([commitError, undefined]).catch(reason => reason);
  return cause instanceof Error ? cause : (error as Error);
}
