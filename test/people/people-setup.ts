/** People, sessions and what administers them, on a store of its own. */

import { createPeopleAdmin } from '../../src/people/administer.ts';
import { createPeople } from '../../src/people/people.ts';
import { personOf } from '../../src/people/person.ts';
import type { Role } from '../../src/people/roles.ts';
import { createSessionList, type SignInMethod } from '../../src/people/session-list.ts';
import { type Caller, personActor } from '../../src/tokens/caller.ts';
import { openOffice } from '../tokens/setup.ts';

/** Opens it; `idleMs` is an hour. */
export function openPeople() {
  const office = openOffice();
  const { store, keys, now } = office;
  const people = createPeople(store, now);
  const sessionList = createSessionList({
    ...{ documents: store, ended: store, log: store, now },
    idleMs: 3_600_000,
  });
  const peopleAdmin = createPeopleAdmin({ people, sessionList, records: store, keys });
  let count = 0;
  return {
    ...office,
    people,
    sessionList,
    peopleAdmin,
    /** Makes a person, and them as a caller. */
    async person(role: Role, owners?: string[]) {
      const name = `person ${count++}`;
      const by = { actor: 'admin', peer: '' };
      const made = await people.create({ name, role, ...(owners && { owners }) }, by);
      const caller = (await people.current(made.id, '192.0.2.1', now())) as Caller;
      return { ...made, actor: personActor(made.id), caller };
    },
    /** Adds a session. */
    async session(caller: Caller, how: SignInMethod = 'provider') {
      const sessionId = `session-${count++}`;
      const times = { signedInAt: now(), endsAt: now() + 43_200_000 };
      await sessionList.add({ sessionId, caller, how, browser: 'Firefox 140 on Linux', ...times });
      const found = await sessionList.findOwn(caller.actor, sessionId);
      if (found === undefined) throw new Error('it is not in the list');
      return found;
    },
    personOf,
  };
}
