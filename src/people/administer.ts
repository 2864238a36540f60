/** Shows and changes people, and shows and ends sessions: who may do so. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { TokenReader } from '../store/store.ts';
import {
  adminActor,
  adminScope,
  type Caller,
  demand,
  demandNoOwner,
  personActor,
  personIn,
} from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { Faults } from '../tokens/faults.ts';
import {
  checkPageSize,
  checkShownText,
  checkUuid,
  fieldLimits,
  invalid,
  isUuid,
} from '../tokens/fields.ts';
import { pageTokens } from '../tokens/page-token.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { noSuchPerson, type People } from './people.ts';
import type { Person } from './person.ts';
import { type Granted, isRole, roleNames } from './roles.ts';
import type { ListedSession, SessionList } from './session-list.ts';

/** What of a person an administrator sets; absent for what stays. */
export interface PersonFields {
  name?: string;
  /** With its owners. An administrator's choice stays over sign-ins by the provider. */
  granted?: { role: string; owners?: readonly string[] };
  /** Lets each sign-in by the provider set the role again. */
  isRoleByProvider?: true;
  isDisabled?: boolean;
}

/** A page of people or sessions. */
interface Paged {
  /** 1 to 200; 0 means 50. */
  pageSize: number;
  /** nextPageToken of the previous page; "" for the first. */
  pageToken: string;
}

/** The operations. Each checks the caller's rights. They throw TokenError or Unavailable. */
export interface PeopleAdmin {
  /** A page of people. For administrators without owners. */
  list(caller: Caller, page: Paged): Promise<{ people: Person[]; nextPageToken: string }>;
  /** A person. For administrators without owners, and for the person. */
  get(caller: Caller, id: string): Promise<Person>;
  /** Changes a person, at this revision (0 for any). For administrators without owners. */
  update(caller: Caller, id: string, revision: number, fields: PersonFields): Promise<Person>;
  /** Removes a person and ends their sessions. For administrators without owners. */
  remove(caller: Caller, id: string, revision: number): Promise<void>;
  /**
   * A page of the sessions of an actor, "" for the caller's own, or of all. Of others for administrators
   * without owners.
   */
  listSessions(
    caller: Caller,
    whose: { actor: string; isAll: boolean },
    page: Paged,
  ): Promise<{ sessions: ListedSession[]; nextPageToken: string }>;
  /** Ends a session: one of the caller's, or any for administrators without owners. */
  endSession(caller: Caller, id: string): Promise<void>;
  /**
   * Ends all sessions of an actor, "" for the caller's own; with `keepsOwn`, all but that of the call.
   * Resolves to how many it ended.
   */
  endSessions(caller: Caller, actor: string, keepsOwn: boolean): Promise<number>;
}

/** What it needs. */
export interface PeopleAdminDeps {
  people: People;
  sessionList: SessionList;
  records: TokenReader;
  keys: Pick<MasterKeys, 'sealPlace' | 'openPlace'>;
}

const pageSizes = { default: 50, max: 200 } as const;

/** Creates it. */
export function createPeopleAdmin(deps: PeopleAdminDeps): PeopleAdmin {
  const { people, sessionList, records, keys } = deps;

  const placeOf = (
    caller: Caller,
    { pageSize, pageToken }: Paged,
    rpc: string,
    query: string[],
    faults = new Faults(),
  ) => {
    const tokens = pageTokens(keys, caller, { rpc, query });
    faults.read(() => checkPageSize(pageSize, pageSizes.max));
    const after = faults.read(() => tokens.read(pageToken)) ?? '';
    faults.end();
    return { tokens, after, limit: pageSize || pageSizes.default };
  };
  /** Whether a caller may see and end sessions of an actor. */
  const demandSessionsOf = (caller: Caller, actor: string) => {
    if (actor !== caller.actor) demandPeople(caller, 'see or end the sessions of others');
  };
  const change = async (
    caller: Caller,
    id: string,
    revision: number,
    action: 'person.update' | 'person.remove',
    make: (person: Person, at: number) => Record<string, string | number | string[] | undefined>,
  ) =>
    await people.change(checkUuid('id', id), {
      ...{ action, by: caller },
      make(person, at) {
        if (person.removedAt !== undefined) throw noSuchPerson(id);
        if (revision !== 0 && revision !== person.revision) {
          throw new TokenError(
            'ABORTED',
            `revision ${revision} is not the current one; read the person again`,
          );
        }
        return make(person, at);
      },
    });

  return {
    async list(caller, page) {
      demandPeople(caller, 'see people');
      const { tokens, after, limit } = placeOf(caller, page, 'People.List', []);
      const found = await people.page(after, limit);
      const present = found.people.filter(({ removedAt }) => removedAt === undefined);
      return { people: present, nextPageToken: tokens.write(found.next || undefined) };
    },

    async get(caller, id) {
      const uuid = checkUuid('id', id);
      if (caller.actor !== personActor(uuid)) demandPeople(caller, 'see people');
      const person = await people.find(uuid);
      if (person === undefined || person.removedAt !== undefined) throw noSuchPerson(id);
      return person;
    },

    async update(caller, id, revision, fields) {
      demandPeople(caller, 'change people');
      const { name, granted, isRoleByProvider, isDisabled } = fields;
      if (name !== undefined) checkName('name', name);
      const chosen = granted && checkGranted(granted);
      if (chosen !== undefined || isRoleByProvider) {
        demandNotOneself(caller, id, 'change their own role');
        await demandUnrestricted(records, caller);
      }
      if (isDisabled) demandNotOneself(caller, id, 'disable themselves');
      const person = await change(caller, id, revision, 'person.update', (before, at) => {
        if (isRoleByProvider && before.provider === undefined) {
          throw invalid('role_by_provider', 'is for people who sign in by the provider');
        }
        const disabledAt = isDisabled ? (before.disabledAt ?? at) : undefined;
        return {
          ...(name !== undefined && { name }),
          ...(chosen && {
            ...{ role: chosen.role, owners: chosen.owners && [...chosen.owners] },
            roleBy: undefined,
          }),
          ...(isRoleByProvider && { roleBy: 'provider' }),
          ...(isDisabled !== undefined && { disabledAt }),
        };
      });
      if (isDisabled) await sessionList.endAll(personActor(person.id), caller);
      return person;
    },

    async remove(caller, id, revision) {
      demandPeople(caller, 'remove people');
      demandNotOneself(caller, id, 'remove themselves');
      const { id: uuid } = await change(caller, id, revision, 'person.remove', (person, at) => ({
        // The name stays, for what they did; all else goes, with what other parts of Usher keep there.
        ...Object.fromEntries(Object.keys(person.body).map(name => [name, undefined])),
        ...{ name: person.name, createdAt: person.createdAt, createdBy: person.createdBy },
        ...{ role: person.role, removedAt: at, signedOutAt: at },
      }));
      await sessionList.endAll(personActor(uuid), caller);
    },

    async listSessions(caller, { actor, isAll }, page) {
      const whose = isAll ? '' : actor || caller.actor;
      demandSessionsOf(caller, whose);
      const faults = new Faults();
      faults.read(() => checkActor(actor));
      const rpc = 'People.ListSessions';
      const { tokens, after, limit } = placeOf(caller, page, rpc, [whose], faults);
      const { sessions, next } = await sessionList.page(whose, after, limit);
      return { sessions, nextPageToken: tokens.write(next || undefined) };
    },

    async endSession(caller, id) {
      if (!/^[\w.-]{1,64}$/.test(id)) throw invalid('id', 'is not one that ListSessions gives');
      const session = await sessionList.find(id);
      const isOwn = session?.actor === caller.actor;
      if (!isOwn) demandPeople(caller, 'see or end the sessions of others');
      if (session === undefined) {
        throw new TokenError('NOT_FOUND', 'there is no such session: it is over, or was ended');
      }
      await sessionList.end(session, caller);
    },

    async endSessions(caller, actor, keepsOwn) {
      const whose = actor || caller.actor;
      demandSessionsOf(caller, whose);
      checkActor(actor);
      const id = personIn(whose);
      const kept = keepsOwn && whose === caller.actor ? caller.sessionId : undefined;
      // Also one that is being opened now, and is not in the list yet.
      if (id !== undefined && kept === undefined) {
        await people.change(id, {
          ...{ action: 'person.update', by: caller, isUnlogged: true },
          make: (_, at) => ({ signedOutAt: at }),
        });
      }
      return await sessionList.endAll(whose, caller, kept);
    },
  };
}

/** Throws PERMISSION_DENIED unless the caller administers the access tokens of all owners. */
function demandPeople(caller: Caller, what: string): void {
  demand(caller, adminScope);
  demandNoOwner(caller, what);
}

/** Throws INVALID_ARGUMENT for what is neither empty nor an actor with sessions. */
function checkActor(actor: string): void {
  const id = personIn(actor) ?? actor;
  if (actor === '' || actor === adminActor || isUuid(id)) return;
  throw invalid('actor', 'must be "person:" and a UUID, the UUID of an access token, or "admin"');
}

/** Otherwise the last administrator could shut the door behind them. */
function demandNotOneself(caller: Caller, id: string, what: string): void {
  if (caller.actor !== personActor(id.toLowerCase())) return;
  throw new TokenError('FAILED_PRECONDITION', `people cannot ${what}; ask another administrator`);
}

/**
 * Throws PERMISSION_DENIED for a caller whose access token is restricted in where or how often it may be
 * used: it must not give someone rights without these restrictions. Throws Unavailable.
 */
export async function demandUnrestricted(records: TokenReader, { actor }: Caller): Promise<void> {
  if (actor === adminActor || personIn(actor) !== undefined) return;
  const record = await records.get(actor);
  if (record && isUnrestricted(record)) return;
  throw new TokenError(
    'PERMISSION_DENIED',
    "the caller's token is restricted (allowed_sources, rate_limit or quota), so it may give no role",
  );
}

/** Whether an access token may be used from everywhere, and as often as its holder likes. */
export function isUnrestricted({ allowedSources, rateLimit, quota }: AccessTokenRecord): boolean {
  return !allowedSources && !rateLimit && !quota;
}

/** Throws INVALID_ARGUMENT for a name that a person cannot have. */
export function checkName(field: string, name: string): void {
  if (name.trim() === '') throw invalid(field, 'is required');
  checkShownText(field, name, fieldLimits.nameLengthMax);
}

/** Most owners of a person. */
const ownersMax = 100;

/**
 * The role and owners. Throws INVALID_ARGUMENT for others than there are; `path` goes before the names of
 * the fields.
 */
export function checkGranted(
  { role, owners = [] }: { role: string; owners?: readonly string[] },
  path = '',
): Granted {
  if (!isRole(role)) throw invalid(`${path}role`, `must be one of ${roleNames.join(', ')}`);
  if (owners.length === 0) return { role };
  const field = `${path}owners`;
  if (owners.length > ownersMax) throw invalid(field, `has more than ${ownersMax} entries`);
  if (owners.some(owner => owner.trim() === '')) throw invalid(field, 'has an empty entry');
  for (const owner of owners) checkShownText(field, owner, fieldLimits.ownerLengthMax);
  return { role, owners: [...new Set(owners)] };
}
