/** Advice on master keys for operators, and the name of a new key. */

import type { KeySource } from '../settings/key-source.ts';

/** The next id: "k" and a number above those in use. */
export function newKeyId(known: readonly string[]): string {
  const numbers = known.map(id => Number(/^k([0-9]{1,15})$/.exec(id)?.[1] ?? 0));
  return `k${Math.max(0, ...numbers) + 1}`;
}

/** That a key does not write yet, and for whom it waits. */
export function pendingText(id: string, waitsFor: readonly string[]): string {
  return `the key ${id} does not write yet: it waits for ${waitsFor.join(', ') || 'replicas'}`;
}

/** What an operator does, in place of Usher. */
export function howToRotate({ kind, place }: KeySource): string {
  const make =
    'make a key with `openssl rand -base64 32`, under an id of its own, and put it first';
  switch (kind) {
    case 'setting':
      return (
        `a running server cannot change ${place}: ${make} there, then restart the replicas one by one; the ` +
        'key writes once all of them read it'
      );
    case 'command':
      return `${make} where the command of USHER_MASTER_KEYS_COMMAND reads it, then run \`usher keys reload\` on each replica`;
    case 'folder':
      return `${make}: a file named by the id, and the id in the file \`current\`, by the means that write ${place}`;
    case 'file':
      return `${make} by the means that write ${place}; each replica reads it by itself`;
  }
}

/** The same for a key that nothing needs. */
export function howToRemove({ kind, place }: KeySource): string {
  switch (kind) {
    case 'setting':
      return `nothing needs the key; take it out of ${place}, and restart the replicas one by one`;
    case 'command':
      return 'nothing needs the key; take it out where the command of USHER_MASTER_KEYS_COMMAND reads it, then run `usher keys reload` on each replica';
    case 'folder':
    case 'file':
      return `nothing needs the key; take it out by the means that write ${place}`;
  }
}

/** What anyone may read on `/readyz`: it names no path, and nothing that a command said. */
export function degradedText(
  source: string | undefined,
  unlisted: string | undefined,
): string | undefined {
  const where = 'the log and `usher keys status` say more';
  if (source !== undefined) {
    return `the master keys cannot be read again, and those read before stay in use: ${where}`;
  }
  return unlisted === undefined ? undefined : `a master key that is needed is not given: ${where}`;
}
