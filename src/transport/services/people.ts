/** PeopleService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import {
  EndSessionResponseSchema,
  EndSessionsResponseSchema,
  GetPersonResponseSchema,
  ListPeopleResponseSchema,
  ListSessionsResponseSchema,
  type PeopleService,
  type Person as PersonMessage,
  PersonSchema,
  RemovePersonResponseSchema,
  Role,
  type Session,
  SessionSchema,
  SignInMethod,
  type UpdatePersonRequest,
  UpdatePersonResponseSchema,
} from '../../gen/usher/v1/people_pb.ts';
import {
  checkGranted,
  checkName,
  type PeopleAdmin,
  type PersonFields,
} from '../../people/administer.ts';
import type { Person } from '../../people/person.ts';
import type { Role as RoleName } from '../../people/roles.ts';
import type { ListedSession, SignInMethod as MethodName } from '../../people/session-list.ts';
import type { Caller } from '../../tokens/caller.ts';
import { Faults } from '../../tokens/faults.ts';
import { checkUuid, invalid } from '../../tokens/fields.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { safeInteger, timestampOf } from '../rpc/time.ts';

export { PeopleService } from '../../gen/usher/v1/people_pb.ts';

/** What PeopleService needs. */
export interface PeopleDeps {
  people: PeopleAdmin;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of PeopleService. */
export function peopleHandlers({
  people,
  authenticate,
}: PeopleDeps): Handlers<typeof PeopleService> {
  return {
    async listPeople(request, call) {
      const page = await people.list(await authenticate(call), request);
      return create(ListPeopleResponseSchema, {
        people: page.people.map(personMessage),
        nextPageToken: page.nextPageToken,
      });
    },

    async getPerson({ id }, call) {
      const person = await people.get(await authenticate(call), id);
      return create(GetPersonResponseSchema, { person: personMessage(person) });
    },

    async updatePerson(request, call) {
      const caller = await authenticate(call);
      const { id, revision, fields } = updateOf(request);
      const person = await people.update(caller, id, revision, fields);
      return create(UpdatePersonResponseSchema, { person: personMessage(person) });
    },

    async removePerson({ id, revision }, call) {
      const caller = await authenticate(call);
      const faults = new Faults();
      const only = faults.read(() => safeInteger(revision, 'revision')) ?? 0;
      faults.read(() => checkUuid('id', id));
      faults.end();
      await people.remove(caller, id, only);
      return create(RemovePersonResponseSchema);
    },

    async listSessions({ actor, all: isAll, ...page }, call) {
      const caller = await authenticate(call);
      const found = await people.listSessions(caller, { actor, isAll }, page);
      return create(ListSessionsResponseSchema, {
        sessions: found.sessions.map(session => sessionMessage(session, caller)),
        nextPageToken: found.nextPageToken,
      });
    },

    async endSession({ id }, call) {
      await people.endSession(await authenticate(call), id);
      return create(EndSessionResponseSchema);
    },

    async endSessions({ actor, keepCurrent }, call) {
      const ended = await people.endSessions(await authenticate(call), actor, keepCurrent);
      return create(EndSessionsResponseSchema, { ended });
    },
  };
}

/** The value of each role in the proto. */
export const roleValues: Record<RoleName, Role> = {
  viewer: Role.VIEWER,
  issuer: Role.ISSUER,
  keeper: Role.KEEPER,
  admin: Role.ADMIN,
  auditor: Role.AUDITOR,
};

const methodValues: Record<MethodName, SignInMethod> = {
  provider: SignInMethod.PROVIDER,
  passkey: SignInMethod.PASSKEY,
  invitation: SignInMethod.INVITATION,
  'admin token': SignInMethod.ADMIN_TOKEN,
  'access token': SignInMethod.ACCESS_TOKEN,
  link: SignInMethod.LINK,
};

/** A person as a message. */
export function personMessage(person: Person): PersonMessage {
  const { id, name, email, role, owners = [], provider, lastSignInAt, disabledAt } = person;
  const message = create(PersonSchema, {
    ...{ id, name, email, role: roleValues[role], owners: [...owners] },
    roleByProvider: person.isRoleByProvider,
    issuer: provider?.issuer ?? '',
    createTime: timestampOf(person.createdAt),
    revision: BigInt(person.revision),
  });
  if (lastSignInAt !== undefined) message.lastSignInTime = timestampOf(lastSignInAt);
  if (disabledAt !== undefined) message.disableTime = timestampOf(disabledAt);
  return message;
}

function sessionMessage(session: ListedSession, caller: Caller): Session {
  const { id, actor, name, address, browser, how } = session;
  return create(SessionSchema, {
    ...{ id, actor, name, address, browser },
    method: methodValues[how] ?? SignInMethod.UNSPECIFIED,
    createTime: timestampOf(session.signedInAt),
    lastUsedTime: timestampOf(session.lastUsedAt),
    expireTime: timestampOf(session.endsAt),
    current: session.sessionId === caller.sessionId,
  });
}

const changeable = ['name', 'role', 'owners', 'role_by_provider'];

/** An update. Throws one INVALID_ARGUMENT for all that is wrong with it. */
function updateOf({ person, updateMask, disabled }: UpdatePersonRequest) {
  if (!person) throw invalid('person', 'is required');
  const { id, name, owners } = person;
  const mask = updateMask?.paths ?? [];
  const role = roleName(person.role);
  const faults = new Faults();
  faults.read(() => checkMask(mask, disabled !== undefined));
  const revision = faults.read(() => safeInteger(person.revision, 'person.revision')) ?? 0;
  faults.read(() => checkUuid('person.id', id));
  faults.read(() => mask.includes('name') && checkName('person.name', name));
  faults.read(() => mask.includes('role') && checkGranted({ role, owners }, 'person.'));
  faults.read(() => {
    if (!mask.includes('role_by_provider') || person.roleByProvider) return;
    throw invalid('person.role_by_provider', 'can be set to true only; set the role instead');
  });
  faults.end();
  const fields: PersonFields = {
    ...(mask.includes('name') && { name }),
    ...(mask.includes('role') && { granted: { role, owners } }),
    ...(mask.includes('role_by_provider') && { isRoleByProvider: true }),
    ...(disabled !== undefined && { isDisabled: disabled }),
  };
  return { id, revision, fields };
}

function checkMask(mask: readonly string[], isOptional: boolean): void {
  const field = 'update_mask';
  if (mask.some(path => !changeable.includes(path))) {
    throw invalid(field, `may name ${changeable.join(', ')}, and nothing else`);
  }
  if (mask.length === 0 && !isOptional) throw invalid(field, 'names nothing to change');
  if (!mask.includes('role')) {
    if (!mask.includes('owners')) return;
    throw invalid(field, 'names owners without the role that they belong to');
  }
  if (mask.includes('role_by_provider')) {
    throw invalid(field, 'names both role and role_by_provider');
  }
}

/** The name of a role; "" for none. */
export function roleName(role: Role): string {
  return Object.entries(roleValues).find(([, value]) => value === role)?.[0] ?? '';
}
