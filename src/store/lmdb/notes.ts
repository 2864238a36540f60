/** What the embedded store says about itself: single values beside the log. */

import type { StoreNotes } from '../continuity/notes.ts';
import { forgetLosses, lossesOf } from './losses.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds the identity of the store. */
export const identityKey = 'identity';
const acceptedKey = 'accepted-losses';

/** Creates the notes. `read` and `write` throw Unavailable. */
export function lmdbNotes(
  { root }: Pick<Tables, 'root'>,
  read: <T>(ask: () => T) => T,
  write: <T>(action: () => T) => Promise<T>,
): StoreNotes {
  const claim = (identity: string) => {
    if (root.get(identityKey) === undefined) root.put(identityKey, identity);
  };
  const accepted = () => JSON.parse(root.get(acceptedKey) ?? '[]') as string[];
  return {
    read() {
      const identity = read(() => root.get(identityKey));
      return identity === undefined ? {} : { identity };
    },
    claim: identity => write(() => claim(identity)),
    // There are no other replicas to tell: the processes of one server see the same folder.
    noteLoss: async () => undefined,
    accept: (identity, hashes) =>
      write(() => {
        claim(identity);
        root.put(acceptedKey, JSON.stringify([...new Set([...accepted(), ...hashes])]));
      }),
    isAccepted: hash => read(() => accepted().includes(hash)),
    // A folder is never healed: when its log does not go on, someone accepts it or restores it.
    keepLoss: async () => undefined,
    losses: () => read(() => lossesOf({ root })),
    forgetLosses: () => write(() => forgetLosses({ root })),
    writeHead: async () => undefined,
    heads: () => [],
  };
}
