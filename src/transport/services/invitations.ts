/** InvitationService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { InvitationService } from '../../gen/usher/v1/invitations_pb.ts';
import {
  CreateInvitationResponseSchema,
  ListInvitationsResponseSchema,
  ListPasskeysResponseSchema,
  RemovePasskeyResponseSchema,
  RenamePasskeyResponseSchema,
  RevokeInvitationResponseSchema,
} from '../../gen/usher/v1/invitations_pb.ts';
import type { Invitation } from '../../people/invitation.ts';
import type { Invitations } from '../../people/invitations.ts';
import type { Passkey } from '../../people/passkey.ts';
import { checkPasskeyName, type Passkeys } from '../../people/passkeys.ts';
import type { Caller } from '../../tokens/caller.ts';
import { checkAll } from '../../tokens/faults.ts';
import { checkUuid, invalid } from '../../tokens/fields.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { roleName, roleValues } from './people.ts';

export { InvitationService } from '../../gen/usher/v1/invitations_pb.ts';

/** What InvitationService needs. */
export interface InvitationsDeps {
  invitations: Invitations;
  passkeys: Passkeys;
  /** Scheme, host and port of the API Manager, for links. */
  origin: string;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of InvitationService. */
export function invitationHandlers(deps: InvitationsDeps): Handlers<typeof InvitationService> {
  const { invitations, passkeys, origin, authenticate } = deps;
  return {
    async createInvitation({ name, role, owners, personId, requestId }, call) {
      const caller = await authenticate(call);
      if (personId !== '' && (name !== '' || role !== 0 || owners.length > 0)) {
        throw invalid('person_id', 'is for a person who is there: leave out the other fields');
      }
      const { invitation, code } =
        personId === ''
          ? await invitations.invite(caller, { name, role: roleName(role), owners }, requestId)
          : await invitations.inviteAgain(caller, personId, requestId);
      const url = `${origin}/invite#${code}`;
      const message = invitationMessage(invitation);
      return create(CreateInvitationResponseSchema, { invitation: message, code, url });
    },
    async listInvitations({ pageToken }, call) {
      const caller = await authenticate(call);
      if (pageToken !== '' && !/^[\w-]{43}$/.test(pageToken)) {
        throw invalid('page_token', 'is not a next_page_token of ListInvitations');
      }
      const { invitations: found, next } = await invitations.list(caller, pageToken);
      return create(ListInvitationsResponseSchema, {
        invitations: found.map(invitationMessage),
        nextPageToken: next,
      });
    },
    async revokeInvitation({ id }, call) {
      const caller = await authenticate(call);
      demandId(id);
      await invitations.revoke(caller, id);
      return create(RevokeInvitationResponseSchema, {});
    },
    async listPasskeys({ personId }, call) {
      const caller = await authenticate(call);
      const found = await passkeys.list(caller, checkUuid('person_id', personId));
      return create(ListPasskeysResponseSchema, { passkeys: found.map(passkeyMessage) });
    },
    async renamePasskey({ personId, id, name }, call) {
      const caller = await authenticate(call);
      const person = () => checkUuid('person_id', personId);
      checkAll(
        person,
        () => demandId(id),
        () => checkPasskeyName(name),
      );
      const found = await passkeys.rename(caller, person(), id, name);
      return create(RenamePasskeyResponseSchema, { passkeys: found.map(passkeyMessage) });
    },
    async removePasskey({ personId, id, allowLast }, call) {
      const caller = await authenticate(call);
      const person = () => checkUuid('person_id', personId);
      checkAll(person, () => demandId(id));
      const found = await passkeys.remove(caller, person(), id, allowLast);
      return create(RemovePasskeyResponseSchema, { passkeys: found.map(passkeyMessage) });
    },
  };
}

function demandId(id: string): void {
  if (id === '') throw invalid('id', 'is required');
}

function invitationMessage({ createdAt, expiresAt, usedAt, ...each }: Invitation) {
  const { id, personId, name, role, owners = [], isForKnown, createdBy, createdByName } = each;
  return {
    ...{ id, personId, name, role: roleValues[role], owners: [...owners], forKnown: isForKnown },
    ...{ createActor: createdBy, createName: createdByName },
    createTime: timestampFromMs(createdAt),
    expireTime: timestampFromMs(expiresAt),
    ...(usedAt !== undefined && { useTime: timestampFromMs(usedAt) }),
  };
}

function passkeyMessage({ id, name, createdAt, lastUsedAt }: Passkey) {
  return {
    ...{ id, name, createTime: timestampFromMs(createdAt) },
    ...(lastUsedAt !== undefined && { lastUseTime: timestampFromMs(lastUsedAt) }),
  };
}
