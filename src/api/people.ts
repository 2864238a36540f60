/** Calls the API of people and sessions. */

import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  type Person as PersonMessage,
  Role as RoleValue,
  type Session as SessionMessage,
  SignInMethod,
} from '../gen/usher/v1/people_pb.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** The names of roles. */
export const roleNames = ['viewer', 'issuer', 'keeper', 'admin', 'auditor'] as const;

/** The name of a role. */
export type RoleName = (typeof roleNames)[number];

/** A person; times are RFC 3339. */
export interface Person {
  id: string;
  name: string;
  email?: string;
  role: string;
  /** Absent for the access tokens of all owners. */
  owners?: string[];
  roleByProvider: boolean;
  /** The provider that signs them in. */
  issuer?: string;
  createTime?: string;
  lastSignInTime?: string;
  disableTime?: string;
  revision: number;
}

/** A session of the web app; times are RFC 3339. */
export interface Session {
  id: string;
  actor: string;
  name: string;
  /** How it began, such as "provider" or "admin token". */
  method: string;
  address: string;
  browser: string;
  createTime?: string;
  lastUsedTime?: string;
  expireTime?: string;
}

/** What to change of a person; absent for what stays. */
export interface PersonChange {
  name?: string | undefined;
  role?: RoleName | undefined;
  /** With `role`. */
  owners?: string[] | undefined;
  /** Lets sign-ins by the provider set the role again. */
  roleByProvider?: boolean | undefined;
  disabled?: boolean | undefined;
}

/** All people. Throws AdminError. */
export async function* listPeople({ people }: Admin): AsyncGenerator<Person> {
  let pageToken = '';
  do {
    const page = await call(() => people.listPeople({ pageSize: 200, pageToken }));
    yield* page.people.map(personOf);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

/** A person. Throws AdminError. */
export async function getPerson({ people }: Admin, id: string): Promise<Person> {
  return personOf((await call(() => people.getPerson({ id }))).person);
}

/** Changes a person. Throws AdminError. */
export async function updatePerson(
  { people }: Admin,
  id: string,
  { name, role, owners, roleByProvider, disabled }: PersonChange,
): Promise<Person> {
  const paths = [
    ...(name === undefined ? [] : ['name']),
    ...(role === undefined ? [] : ['role', 'owners']),
    ...(roleByProvider === undefined ? [] : ['role_by_provider']),
  ];
  const answer = await call(() =>
    people.updatePerson({
      person: {
        id,
        ...(name !== undefined && { name }),
        ...(role !== undefined && { role: roleValue(role), owners: owners ?? [] }),
        ...(roleByProvider !== undefined && { roleByProvider }),
      },
      updateMask: { paths },
      ...(disabled !== undefined && { disabled }),
    }),
  );
  return personOf(answer.person);
}

/** Removes a person. Throws AdminError. */
export async function removePerson({ people }: Admin, id: string): Promise<void> {
  await call(() => people.removePerson({ id }));
}

/** The sessions of an actor, or of all for "". Throws AdminError. */
export async function* listSessions({ people }: Admin, actor: string): AsyncGenerator<Session> {
  let pageToken = '';
  do {
    const page = await call(() =>
      people.listSessions({ actor, all: actor === '', pageSize: 200, pageToken }),
    );
    yield* page.sessions.map(sessionOf);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

/** Ends a session. Throws AdminError. */
export async function endSession({ people }: Admin, id: string): Promise<void> {
  await call(() => people.endSession({ id }));
}

/** Ends all sessions of an actor; resolves to how many. Throws AdminError. */
export async function endSessions({ people }: Admin, actor: string): Promise<number> {
  return (await call(() => people.endSessions({ actor }))).ended;
}

/** The value of a role in the proto. */
export function roleValue(role: RoleName): RoleValue {
  return RoleValue[role.toUpperCase() as Uppercase<RoleName>];
}

/** The name of a value of an enumeration, in words. */
export function nameOf(values: Readonly<Record<string, number>>, value: number): string {
  const name = Object.entries(values).find(([, each]) => each === value)?.[0] ?? '';
  return name.toLowerCase().replaceAll('_', ' ');
}

function personOf(message: PersonMessage | undefined): Person {
  const { id = '', name = '', email, role = 0, owners = [], issuer } = message ?? {};
  return {
    ...{ id, name, ...(email && { email }), role: nameOf(RoleValue, role) },
    ...(owners.length > 0 && { owners }),
    roleByProvider: message?.roleByProvider ?? false,
    ...(issuer && { issuer }),
    ...timesOf({
      createTime: message?.createTime,
      lastSignInTime: message?.lastSignInTime,
      disableTime: message?.disableTime,
    }),
    revision: Number(message?.revision ?? 0),
  };
}

function sessionOf(message: SessionMessage): Session {
  const { id, actor, name, address, browser, createTime, lastUsedTime, expireTime } = message;
  return {
    ...{ id, actor, name, method: nameOf(SignInMethod, message.method), address, browser },
    ...timesOf({ createTime, lastUsedTime, expireTime }),
  };
}

type Timestamp = Parameters<typeof timestampDate>[0];

function timesOf<K extends string>(times: Record<K, Timestamp | undefined>) {
  const set = Object.entries<Timestamp | undefined>(times).flatMap(([name, time]) =>
    time === undefined ? [] : [[name, timestampDate(time).toISOString()]],
  );
  return Object.fromEntries(set) as { [each in K]?: string };
}
