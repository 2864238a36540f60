/** The people who may sign in: reads and changes their documents, with no check of a caller's rights. */

import { v4, v7 } from 'uuid';
import type { AuditEvent } from '../store/audit.ts';
import type { Documents } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { type Caller, type CurrentCaller, personIn } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { difference } from '../tokens/fields.ts';
import { callerOf, mayEnter, namedPerson, type Person, personOf } from './person.ts';
import type { Granted } from './roles.ts';

/** Who changes a person: a caller, or what stands for one. */
export type By = Pick<Caller, 'actor' | 'peer'>;

/** What happened to a person, as AuditEvent.action. */
export type PersonAction = 'person.create' | 'person.update' | 'person.remove';

/** What a change of a person is. */
export interface PersonChange {
  action: PersonAction;
  by: By;
  /** Further text for the audit log; "" or absent for none. */
  detail?: string;
  /** Written without an entry in the audit log, which has one of its own for this. */
  isUnlogged?: boolean;
  /**
   * Computes the members to set, undefined for one to remove; undefined changes nothing. May run several
   * times, and may throw TokenError.
   */
  make(
    person: Person,
    at: number,
  ): { [member: string]: JsonObject[string] | undefined } | undefined;
}

/** A new person. */
export interface NewPerson extends Granted {
  name: string;
  /** UUID; absent for a random one. */
  id?: string;
  /** Further members of the document. */
  more?: JsonObject;
}

/** The people. Throws Unavailable. */
export interface People {
  /** A person, also one who is disabled or removed; undefined when there is none. */
  find(id: string): Promise<Person | undefined>;
  /** A page of people in the order of their ids, "" for the first, and where the next begins. */
  page(after: string, limit: number): Promise<{ people: Person[]; next: string }>;
  /** Creates a person; one of that id, when there is one already. */
  create(person: NewPerson, by: By): Promise<Person>;
  /** Changes a person. Throws NOT_FOUND without one, ABORTED for one who keeps changing. */
  change(id: string, change: PersonChange): Promise<Person>;
  /**
   * The person as a caller, with a session that began at `signedInAt` (milliseconds since 1970); undefined
   * when they are disabled or removed, or were signed out everywhere since.
   */
  current(id: string, peer: string, signedInAt: number): Promise<Caller | undefined>;
}

/** How often a change is tried before it gives up. */
const attemptsMax = 8;

/** Creates it. `now` is in milliseconds since 1970. */
export function createPeople(documents: Documents, now: () => number): People {
  const find = async (id: string): Promise<Person | undefined> => {
    const document = await documents.document('people', id);
    return document && personOf(document);
  };
  return {
    find,

    async page(after, limit) {
      const scan = { collection: 'people', limit, ...(after === '' ? {} : { after }) } as const;
      const found = await documents.documents(scan);
      const next = found.length < limit ? '' : (found.at(-1)?.id ?? '');
      return { people: found.map(personOf), next };
    },

    async create({ id = v7(), name, role, owners, more = {} }, by) {
      const at = now();
      const body = {
        ...{ name, role, ...(owners && { owners: [...owners] }) },
        ...{ createdAt: at, createdBy: by.actor, ...more },
      };
      const person = { id, name };
      const event = eventOf('person.create', by, at, { after: logged(body) }, namedPerson(person));
      const change = { collection: 'people', id, before: 0, body, event } as const;
      await documents.changeDocument(change);
      const made = await find(id);
      if (made === undefined) throw new TokenError('ABORTED', 'the person was removed meanwhile');
      return made;
    },

    async change(id, { action, by, detail = '', isUnlogged, make }) {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const person = await find(id);
        if (person === undefined) throw noSuchPerson(id);
        const at = now();
        const changed = make(person, at);
        if (changed === undefined) return person;
        const body = withoutUndefined({ ...person.body, ...changed });
        const what = [namedPerson({ id, name: String(body.name) }), detail];
        const text = what.filter(part => part !== '').join(': ');
        const event = eventOf(action, by, at, difference(logged(person.body), logged(body)), text);
        const outcome = await documents.changeDocument({
          ...{ collection: 'people', id, before: person.revision, body },
          ...(isUnlogged ? {} : { event }),
        });
        if (outcome === 'done') return personOf({ id, revision: person.revision + 1, body });
      }
      throw new TokenError('ABORTED', 'this person keeps changing; try again');
    },

    async current(id, peer, signedInAt) {
      const person = await find(id);
      if (person === undefined || !mayEnter(person)) return undefined;
      if (signedInAt < (person.signedOutAt ?? 0)) return undefined;
      return callerOf(person, peer);
    },
  };
}

/** Finds the present rights of callers with a session: of people by `people`, of all others by `others`. */
export function withPeople(others: CurrentCaller, people: Pick<People, 'current'>): CurrentCaller {
  return async (actor, peer, letInAt) => {
    const id = personIn(actor);
    return id === undefined
      ? await others(actor, peer, letInAt)
      : await people.current(id, peer, letInAt);
  };
}

/** The error for an id that no person has. */
export function noSuchPerson(id: string): TokenError {
  return new TokenError('NOT_FOUND', `there is no person with id ${JSON.stringify(id)}`);
}

/** What of a person the audit log holds: not their address, nor what else their document has. */
const loggedMembers = new Set(['name', 'role', 'owners', 'roleBy']);

function logged(body: JsonObject): JsonObject {
  const { disabledAt, removedAt } = body;
  const kept = Object.entries(body).filter(([name]) => loggedMembers.has(name));
  return {
    ...Object.fromEntries(kept),
    ...(disabledAt === undefined ? {} : { disabled: true }),
    ...(removedAt === undefined ? {} : { removed: true }),
  };
}

function eventOf(
  action: string,
  { actor, peer }: By,
  time: number,
  fields: { before?: JsonObject; after?: JsonObject },
  detail: string,
): AuditEvent {
  return { id: v4(), time, action, actor, peer, tokenId: '', ...fields, detail, requestId: '' };
}

function withoutUndefined(members: Record<string, JsonObject[string] | undefined>): JsonObject {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as JsonObject;
}
