/** What actors are called: people, access tokens and the admin token. */

import type { TokenReader } from '../store/store.ts';
import { adminActor, adminName, type Caller, isVisible, personIn } from '../tokens/caller.ts';
import { isUuid } from '../tokens/fields.ts';
import type { People } from './people.ts';

/**
 * The present names of some actors, also of people who were removed; without those that no record has, and
 * those of access tokens that the caller may not see, and those that cannot be read. Never rejects.
 */
export type ActorNames = (
  caller: Caller,
  actors: Iterable<string>,
) => Promise<ReadonlyMap<string, string>>;

/** The present name of a person; undefined for other actors, and for people whom no document has. */
export function createNameOfPerson(people: Pick<People, 'find'>) {
  return async (actor: string): Promise<string | undefined> => {
    const id = personIn(actor);
    return id === undefined ? undefined : (await people.find(id))?.name;
  };
}

/** Creates it. */
export function createActorNames(people: Pick<People, 'find'>, records: TokenReader): ActorNames {
  const nameOfPerson = createNameOfPerson(people);
  const nameOf = async (caller: Caller, actor: string): Promise<string | undefined> => {
    if (actor === adminActor) return adminName;
    if (personIn(actor) !== undefined) return nameOfPerson(actor);
    const record = isUuid(actor) ? await records.get(actor) : undefined;
    return record && isVisible(caller, record) ? record.name : undefined;
  };
  return async (caller, actors) => {
    const named = [...new Set(actors)].map(async actor => {
      // Without names the rest of an answer is as good.
      const name = await nameOf(caller, actor).catch(() => undefined);
      return [actor, name] as const;
    });
    const found = await Promise.all(named);
    return new Map(found.flatMap(([actor, name]) => (name === undefined ? [] : [[actor, name]])));
  };
}
