/** What people call who did something. */

import type { Documents } from '../store/documents.ts';
import type { TokenReader } from '../store/store.ts';
import { adminActor, adminName, personIn } from '../tokens/caller.ts';
import { isUuid } from '../tokens/fields.ts';

/** The name of an actor (see AuditEvent); the actor itself where there is no name. Throws Unavailable. */
export async function actorName(
  store: TokenReader & Pick<Documents, 'document'>,
  actor: string,
): Promise<string> {
  if (actor === adminActor) return adminName;
  if (actor === 'usher') return 'Usher';
  const person = personIn(actor);
  if (person !== undefined) {
    const name = (await store.document('people', person))?.body.name;
    return typeof name === 'string' && name !== '' ? name : actor;
  }
  if (isUuid(actor)) return (await store.get(actor))?.name ?? actor;
  return actor;
}
