/** What is wrong with a store, in words, and what to do. */

import type { LogPoint } from '../status.ts';
import type { Loss } from './loss-entries.ts';

const whatToDo = 'restore the data, or look at usher store status and then run usher store accept';

/** The sentences. */
export const problems = {
  unread: 'the store was not read yet',
  doubted: 'it is not certain that the store still holds what it held',
  empty: 'the store is empty; it is taken for a new one when it stays so for a lease',
  /** Of an empty store that refused what would make it a new one. */
  unclaimed: ({ message }: Error) => `the store is empty and takes no first write: ${message}`,
  rolledBack: 'the store lost entries of its log that this replica has read',
  emptied: `the store came back empty; ${whatToDo}`,
  other: `the store is another one than before; ${whatToDo}`,
  gap: `the store lost more changes than this replica remembers; ${whatToDo}`,
  /** For a replica that started after the loss. */
  noted: (identity: string) =>
    `the store lost its content, says a replica that knew it as ${identity}; ${whatToDo}`,
  /** For a replica that learns of a loss from the log. */
  unaccepted: (count: number) =>
    `the store lost ${count} changes; usher store status names them, until usher store accept`,
  /** After healing. */
  healed({ changes, tokenIds, documents }: Loss, { sequence }: LogPoint): string {
    const back = changes.filter(({ isPutBack }) => isPutBack).length;
    const names = [...tokenIds, ...documents.map(({ name }) => name)];
    const rest = names.length === 0 ? '' : `; unavailable until accepted: ${listed(names)}`;
    return (
      `the store lost ${changes.length} changes after entry ${sequence} of its log; ` +
      `${back} revocations and removals were put back${rest}`
    );
  },
} as const;

/** What a replica reports: its store, or changes that are lost and not accepted. */
type Reported = 'store' | 'lost changes';

/** Tells what is wrong with one of them; with undefined that it is over. */
export type Report = (what: Reported, detail: string | undefined) => void;

/** Access tokens and documents that a message names. */
const namedMax = 20;

function listed(ids: readonly string[]): string {
  const more = ids.length - namedMax;
  return ids.slice(0, namedMax).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
