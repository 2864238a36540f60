/** Calls the API of invitations and passkeys. */

import type {
  Invitation as InvitationMessage,
  Passkey as PasskeyMessage,
} from '../gen/usher/v1/invitations_pb.ts';
import { Role } from '../gen/usher/v1/people_pb.ts';
import { type Admin, call } from './connect.ts';
import { nameOf, type RoleName, roleValue } from './people.ts';
import { textOf } from './store.ts';

/** An invitation. Times are RFC 3339, to the millisecond; "" for one that was not used. */
export interface Invitation {
  id: string;
  personId: string;
  name: string;
  role: string;
  owners: string[];
  /** Whether the person was there before. */
  forKnown: boolean;
  createdBy: string;
  createTime: string;
  expireTime: string;
  useTime: string;
}

/** A passkey. Times as above. */
export interface Passkey {
  id: string;
  name: string;
  createTime: string;
  lastUseTime: string;
}

/** Who is invited: a new person, or one who is there. */
export type Invited = { name: string; role: RoleName; owners: string[] } | { personId: string };

/** Makes an invitation, and its link. Throws AdminError. */
export async function invite(
  { invitations }: Admin,
  invited: Invited,
  requestId: string,
): Promise<{ url: string; invitation: Invitation }> {
  const asked = 'role' in invited ? { ...invited, role: roleValue(invited.role) } : invited;
  const request = { ...asked, requestId };
  const { url, invitation } = await call(() => invitations.createInvitation(request));
  return { url, invitation: invitationOf(invitation as InvitationMessage) };
}

/** Lists all invitations that have not expired. Throws AdminError. */
export async function invitationsOf({ invitations }: Admin): Promise<Invitation[]> {
  const all: Invitation[] = [];
  let pageToken = '';
  do {
    const page = await call(() => invitations.listInvitations({ pageToken }));
    all.push(...page.invitations.map(invitationOf));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all.sort((a, b) => (a.createTime < b.createTime ? -1 : 1));
}

/** Revokes an invitation. Throws AdminError. */
export async function revokeInvitation({ invitations }: Admin, id: string): Promise<void> {
  await call(() => invitations.revokeInvitation({ id }));
}

/** Lists the passkeys of a person. Throws AdminError. */
export async function passkeysOf({ invitations }: Admin, personId: string): Promise<Passkey[]> {
  const { passkeys } = await call(() => invitations.listPasskeys({ personId }));
  return passkeys.map(passkeyOf);
}

/** Removes a passkey; those that are left. Throws AdminError. */
export async function removePasskey(
  { invitations }: Admin,
  passkey: { personId: string; id: string; allowLast: boolean },
): Promise<Passkey[]> {
  const { passkeys } = await call(() => invitations.removePasskey(passkey));
  return passkeys.map(passkeyOf);
}

function invitationOf(message: InvitationMessage): Invitation {
  const { id, personId, name, owners, forKnown, createActor, createName } = message;
  return {
    ...{ id, personId, name, role: nameOf(Role, message.role), owners, forKnown },
    createdBy: createName || createActor,
    createTime: textOf(message.createTime),
    expireTime: textOf(message.expireTime),
    useTime: message.useTime ? textOf(message.useTime) : '',
  };
}

function passkeyOf({ id, name, createTime, lastUseTime }: PasskeyMessage): Passkey {
  const lastUsed = lastUseTime ? textOf(lastUseTime) : '';
  return { id, name, createTime: textOf(createTime), lastUseTime: lastUsed };
}
