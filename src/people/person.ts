/** A person: who may sign in to the API Manager, and with which role. */

import type { StoredDocument } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { type Caller, personActor } from '../tokens/caller.ts';
import { type Granted, isRole, roles } from './roles.ts';

/** A person as their document has them. Times are milliseconds since 1970. */
export interface Person extends Granted {
  /** UUID. */
  id: string;
  /** Of the document. */
  revision: number;
  name: string;
  /** As the provider says; "" where it does not. */
  email: string;
  /** Who they are to the OpenID provider; absent for one who was invited. */
  provider?: { issuer: string; subject: string };
  /** Whether each sign-in by the provider sets the role; otherwise an administrator has set it. */
  isRoleByProvider: boolean;
  createdAt: number;
  /** The actor that created them: themselves, where a sign-in by the provider did. */
  createdBy: string;
  lastSignInAt?: number;
  /** Since when they may not sign in; absent for one who may. */
  disabledAt?: number;
  /** Since when they are removed: only the name is left, for what they did. */
  removedAt?: number;
  /** Sessions that began before this are over. */
  signedOutAt?: number;
  /** All that their document holds: other parts of Usher keep members of their own in it. */
  body: JsonObject;
}

/** Reads the document of a person. */
export function personOf({ id, revision, body }: StoredDocument): Person {
  const { name, email, issuer, subject, role, owners, roleBy, createdAt, createdBy } = body;
  const text = typeof role === 'string' ? role : '';
  return {
    ...{ id, revision, body, name: String(name), email: String(email ?? '') },
    // A later version may have other roles: they give nothing here.
    role: isRole(text) ? text : 'viewer',
    ...(Array.isArray(owners) && { owners: owners.map(String) }),
    ...(isRole(text) ? {} : { owners: [] }),
    ...(issuer !== undefined && { provider: { issuer: String(issuer), subject: String(subject) } }),
    isRoleByProvider: roleBy === 'provider',
    createdAt: Number(createdAt),
    createdBy: String(createdBy),
    ...timesIn(body),
  };
}

const times = ['lastSignInAt', 'disabledAt', 'removedAt', 'signedOutAt'] as const;

function timesIn(body: JsonObject): Partial<Record<(typeof times)[number], number>> {
  return Object.fromEntries(
    times.filter(name => typeof body[name] === 'number').map(name => [name, body[name]]),
  );
}

/** Whether a person may sign in. */
export function mayEnter({ disabledAt, removedAt }: Person): boolean {
  return disabledAt === undefined && removedAt === undefined;
}

/** The person as a caller from an address. */
export function callerOf({ id, name, role, owners }: Person, peer: string): Caller {
  const scopes = roles[role];
  return { actor: personActor(id), name, peer, scopes, ...(owners && { owners }) };
}

/** The name of a person with the id, for the audit log: two people can have one name. */
export function namedPerson({ id, name }: Pick<Person, 'id' | 'name'>): string {
  return `${name} (${personActor(id)})`;
}
