/** What people call who did something. */

import type { Documents } from '../store/documents.ts';
import type { TokenReader } from '../store/store.ts';
import { adminActor, adminName, personIn } from '../tokens/caller.ts';
import { isUuid } from '../tokens/fields.ts';

/**
 * The name of an actor (see AuditEvent); the actor itself where there is no name, and for an access token
 * of none of `owners`, which are absent for all. Throws Unavailable.
 */
export async function actorName(
  store: TokenReader & Pick<Documents, 'document'>,
  actor: string,
  owners?: readonly string[],
): Promise<string> {
  if (actor === adminActor) return adminName;
  if (actor === 'usher') return 'Usher';
  const person = personIn(actor);
  if (person !== undefined) {
    const name = (await store.document('people', person))?.body.name;
    return typeof name === 'string' && name !== '' ? name : actor;
  }
  if (!isUuid(actor)) return actor;
  const record = await store.get(actor);
  const isSeen = owners === undefined || (record?.owner && owners.includes(record.owner));
  return isSeen ? (record?.name ?? actor) : actor;
}
