/** The present names and owners of the access tokens and people that events name. */

import type { ChainedEvent } from '../store/audit.ts';
import { type CoherentReader, Unavailable } from '../store/store.ts';
import { type Caller, isVisible } from './caller.ts';
import { isUuid } from './fields.ts';

/** What is known now of those that events name. */
export interface AuditNames {
  /** The present name of an actor or access token; undefined where the caller may not learn one. */
  of(id: string): string | undefined;
  /** The present owner of an access token; undefined for none. */
  ownerOf(tokenId: string): string | undefined;
  /** Whether the caller may see an access token. One whose record cannot be read is not seen. */
  isSeen(tokenId: string): boolean;
  /** The names that the caller may learn, of the actors and access tokens of these events. */
  shown(events: readonly ChainedEvent[]): Record<string, string>;
}

/** The names of some events. */
export interface NameReader extends AuditNames {
  /** Reads what these events name and is not known yet. Throws Unavailable for a store that is down. */
  load(events: readonly ChainedEvent[]): Promise<void>;
}

/** The present name of an actor that is no access token; undefined when it has none. */
export type NameOfActor = (actor: string) => Promise<string | undefined>;

interface Known {
  name: string;
  owner?: string | undefined;
  isSeen: boolean;
}

/** Creates it, for one call of a caller. */
export function createNameReader(
  records: Pick<CoherentReader, 'find'>,
  nameOfActor: NameOfActor,
  caller: Caller,
): NameReader {
  const known = new Map<string, Known | undefined>();
  const read = async (id: string): Promise<Known | undefined> => {
    if (!isUuid(id)) {
      const name = await nameOfActor(id);
      return name === undefined ? undefined : { name, isSeen: false };
    }
    const { record } = await records.find(id);
    if (record === undefined) return undefined;
    const { name, owner } = record;
    return { name, owner, isSeen: isVisible(caller, record) };
  };
  const learn = async (id: string) => {
    // One record that cannot be read must not hide the log.
    const found = await read(id).catch(error => {
      if (error instanceof Unavailable) return undefined;
      throw error;
    });
    known.set(id, found);
  };
  const isShown = (id: string) => {
    const found = known.get(id);
    return found !== undefined && (found.isSeen || !isUuid(id));
  };
  return {
    async load(events) {
      const ids = new Set(events.flatMap(({ actor, tokenId }) => [actor, tokenId]));
      const strange = [...ids].filter(id => isNamed(id) && !known.has(id));
      await Promise.all(strange.map(learn));
    },
    of: id => (isShown(id) ? known.get(id)?.name : undefined),
    ownerOf: tokenId => known.get(tokenId)?.owner,
    isSeen: tokenId => known.get(tokenId)?.isSeen ?? false,
    shown(events) {
      const ids = new Set(events.flatMap(({ actor, tokenId }) => [actor, tokenId]));
      const shown = [...ids].filter(isShown);
      return Object.fromEntries(shown.map(id => [id, known.get(id)?.name ?? '']));
    },
  };
}

/** Whether an id can have a name of its own: an access token's, or a person's. */
function isNamed(id: string): boolean {
  return isUuid(id) || id.startsWith('person:');
}

/** Who did it, for an event: a caller's actor, name and address. */
export function byCaller(caller: Pick<Caller, 'actor' | 'name' | 'peer'>): {
  actor: string;
  actorName?: string;
  peer: string;
} {
  const { actor, name: actorName, peer } = caller;
  return { actor, ...namesIn({ actor, actorName }), peer };
}

/** The names that an event holds: none where the id says it all. */
export function namesIn(known: {
  actor: string;
  actorName?: string | undefined;
  tokenName?: string | undefined;
}): { actorName?: string; tokenName?: string } {
  const { actor, actorName, tokenName } = known;
  return {
    ...(actorName && isNamed(actor) ? { actorName } : {}),
    ...(tokenName ? { tokenName } : {}),
  };
}
