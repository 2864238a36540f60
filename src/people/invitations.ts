/**
 * Invitations: one-time links by which people come in who have no OpenID provider, or who have lost their
 * passkey. The store has the digest of a link's code alone.
 */

import { hash, randomBytes } from 'node:crypto';
import { v4, v7 } from 'uuid';
import type { AuditEvent } from '../store/audit.ts';
import type { DocumentChange, Documents } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import type { TokenReader } from '../store/store.ts';
import { namesIn } from '../tokens/audit-names.ts';
import {
  adminActor,
  adminScope,
  type Caller,
  demand,
  demandNoOwner,
  personActor,
  personIn,
} from '../tokens/caller.ts';
import type { Claim } from '../tokens/claims.ts';
import { TokenError } from '../tokens/errors.ts';
import { Faults } from '../tokens/faults.ts';
import { checkRequestId, checkUuid } from '../tokens/fields.ts';
import { stateOf } from '../tokens/state.ts';
import { checkGranted, checkName, demandUnrestricted, isUnrestricted } from './administer.ts';
import { type Invitation, invitationOf } from './invitation.ts';
import { type By, noSuchPerson, type People } from './people.ts';
import { mayEnter, namedPerson, type Person } from './person.ts';
import type { Granted } from './roles.ts';

/** What an invitation is for. */
interface Invited {
  name: string;
  /** The name of a role. */
  role: string;
  /** None for the access tokens of all owners. */
  owners: readonly string[];
}

/** An invitation with the code of its link, which is said only now. */
interface MadeInvitation {
  invitation: Invitation;
  code: string;
}

/** Makes, lists, revokes and redeems invitations. Throws TokenError or Unavailable. */
export interface Invitations {
  /** Invites a new person. The caller needs the scope usher.admin, and no owner, here and below. */
  invite(caller: Caller, invited: Invited, requestId?: string): Promise<MadeInvitation>;
  /** Makes a link for a person who cannot sign in any more. Their older links end. */
  inviteAgain(caller: Caller, personId: string, requestId?: string): Promise<MadeInvitation>;
  /** A page of those that have not expired, by their ids. */
  list(caller: Caller, after: string): Promise<{ invitations: Invitation[]; next: string }>;
  /** Ends one that was not used. */
  revoke(caller: Caller, id: string): Promise<void>;
  /** What a code is good for; undefined for one that is unknown, used, revoked or has expired. */
  look(code: string): Promise<Invitation | undefined>;
  /** Uses a code up, from an address: the person, who is there from now on; undefined as above. */
  redeem(code: string, peer: string): Promise<Person | undefined>;
}

/** What it needs. */
export interface InvitationsDeps {
  documents: Documents;
  people: People;
  /** Where the restrictions of the access tokens of callers are. */
  records: TokenReader;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** How long an invitation is good, in milliseconds. */
  lifetimeMs: number;
  /** Keeps what a call with a request id chose. */
  claim: Claim;
}

const pageSize = 200;

/** Creates it. */
export function createInvitations(deps: InvitationsDeps): Invitations {
  const { documents, people, records, now, lifetimeMs, claim } = deps;

  /** A new code, or that of the first call with this request id, whose invitation may be there. */
  const codeOf = async (caller: Caller, asked: object, requestId: string) => {
    const call = { caller, rpc: 'CreateInvitation', requestId, asked };
    const code = await claim(call, randomBytes(32).toString('base64url'));
    const document = await documents.document('invitations', digestOf(code));
    return { code, made: document && { invitation: invitationOf(document), code } };
  };

  const make = async (
    { caller, code }: { caller: Caller; code: string },
    granted: Granted,
    person: { id: string; name: string },
  ) => {
    await demandUnrestricted(records, caller);
    const isForKnown = (await people.find(person.id)) !== undefined;
    const id = digestOf(code);
    const at = now();
    const expiresAt = at + lifetimeMs;
    const { role, owners } = granted;
    const body = {
      ...{ personId: person.id, name: person.name, isForKnown, role, createdAt: at, expiresAt },
      ...{ createdBy: caller.actor, createdByName: caller.name },
      ...(owners && { owners: [...owners] }),
    };
    const after = { role, ...(owners && { owners: [...owners] }), expiresAt };
    const event = eventOf('invitation.create', caller, at, namedPerson(person), after);
    const change: DocumentChange = {
      ...{ collection: 'invitations', id, before: 0, body, keepUntil: expiresAt, event },
    };
    await documents.changeDocument(change);
    return { invitation: invitationOf({ id, revision: 1, body }), code };
  };

  const remove = async (by: By, invitation: Invitation) => {
    const { id, revision: before, personId, name } = invitation;
    const event = eventOf('invitation.revoke', by, now(), namedPerson({ id: personId, name }));
    return await documents.changeDocument({ collection: 'invitations', id, before, event });
  };

  const page = async (after: string) => {
    const from = after === '' ? {} : { after };
    const found = await documents.documents({
      ...{ collection: 'invitations', limit: pageSize, ...from },
    });
    const next = found.length < pageSize ? '' : (found.at(-1)?.id ?? '');
    return { invitations: found.map(invitationOf), next };
  };

  /** Whether who made an invitation, a person or an access token, is still an administrator. */
  const mayStillInvite = async ({ createdBy, personId }: Invitation) => {
    const invited = await people.find(personId);
    if (invited !== undefined && !mayEnter(invited)) return false;
    if (createdBy === adminActor) return true;
    const id = personIn(createdBy);
    if (id === undefined) {
      const token = await records.get(createdBy);
      if (token === undefined || stateOf(token, now()) !== 'active') return false;
      const isAdmin = token.scopes.includes(adminScope) && token.owner === undefined;
      return isAdmin && isUnrestricted(token);
    }
    const inviter = await people.find(id);
    if (inviter === undefined || !mayEnter(inviter)) return false;
    return inviter.role === 'admin' && inviter.owners === undefined;
  };

  const look = async (code: string): Promise<Invitation | undefined> => {
    const document = await documents.document('invitations', digestOf(code));
    const invitation = document && invitationOf(document);
    if (invitation === undefined || invitation.usedAt !== undefined) return undefined;
    if (!(await mayStillInvite(invitation))) return undefined;
    // What a person is called, and their role, can have changed since their link was made.
    const person = invitation.isForKnown ? await people.find(invitation.personId) : undefined;
    if (person === undefined) return invitation;
    const { owners: _former, ...rest } = invitation;
    const { name, role, owners } = person;
    return { ...rest, name, role, ...(owners && { owners }) };
  };

  return {
    async invite(caller, { name, role, owners }, requestId = '') {
      demandWhole(caller);
      const granted = checked({ name, role, owners }, requestId);
      const { code, made } = await codeOf(caller, { name, role, owners }, requestId);
      return made ?? (await make({ caller, code }, granted, { id: v7(), name }));
    },

    async inviteAgain(caller, given, requestId = '') {
      demandWhole(caller);
      const personId = checkUuid('person_id', given);
      checkRequestId(requestId);
      const { code, made } = await codeOf(caller, { personId }, requestId);
      if (made !== undefined) return made;
      const person = await people.find(personId);
      if (person === undefined || person.removedAt !== undefined) throw noSuchPerson(personId);
      if (person.provider !== undefined) {
        throw new TokenError('FAILED_PRECONDITION', `${person.name} signs in by the provider`);
      }
      if (person.disabledAt !== undefined) {
        throw new TokenError(
          'FAILED_PRECONDITION',
          `${person.name} is disabled: enable them first`,
        );
      }
      // A link that was sent to a wrong address must not stay good beside the new one.
      for (let after = ''; ; ) {
        const { invitations, next } = await page(after);
        for (const each of invitations) {
          if (each.personId === personId && each.usedAt === undefined) await remove(caller, each);
        }
        if (next === '') break;
        after = next;
      }
      return await make({ caller, code }, person, person);
    },

    async list(caller, after) {
      demandWhole(caller);
      return await page(after);
    },

    async revoke(caller, id) {
      demandWhole(caller);
      const document = isDigest(id) ? await documents.document('invitations', id) : undefined;
      const invitation = document && invitationOf(document);
      if (invitation === undefined)
        throw new TokenError('NOT_FOUND', 'there is no such invitation');
      if (invitation.usedAt !== undefined || (await remove(caller, invitation)) === 'conflict') {
        throw new TokenError('FAILED_PRECONDITION', 'the invitation was used: remove the person');
      }
    },

    look,

    async redeem(code, peer) {
      const invitation = await look(code);
      if (invitation === undefined) return undefined;
      const { id, revision: before, personId, name, role, owners, createdBy } = invitation;
      const by = { actor: personActor(personId), name, peer };
      // Before the link is used up: when this fails in the midst, it can be opened again.
      if (!invitation.isForKnown) {
        const granted = { role, ...(owners && { owners }) };
        await people.create({ id: personId, name, ...granted, more: { createdBy } }, by);
      }
      const at = now();
      const person = await people.change(personId, {
        ...{ action: 'person.update', by, isUnlogged: true },
        make: each => (mayEnter(each) ? { lastSignInAt: at } : undefined),
      });
      const outcome = await documents.changeDocument({
        ...{ collection: 'invitations', id, before },
        body: { ...invitation.body, usedAt: at },
        keepUntil: invitation.expiresAt,
        event: eventOf('invitation.use', by, at, namedPerson({ id: personId, name })),
      });
      return outcome === 'done' && mayEnter(person) ? person : undefined;
    },
  };
}

function demandWhole(caller: Caller): void {
  demand(caller, adminScope);
  demandNoOwner(caller, 'invite people');
}

function checked({ name, role, owners }: Invited, requestId: string): Granted {
  const faults = new Faults();
  faults.read(() => checkName('name', name));
  const granted = faults.read(() => checkGranted({ role, owners }));
  faults.read(() => checkRequestId(requestId));
  faults.end();
  // Without faults it was read.
  return granted as Granted;
}

/** The id of the invitation with a code. */
function digestOf(code: string): string {
  return hash('sha256', code, 'base64url');
}

function isDigest(id: string): boolean {
  return /^[\w-]{43}$/.test(id);
}

function eventOf(
  action: string,
  { actor, name: actorName, peer }: By,
  time: number,
  detail: string,
  after?: JsonObject,
): AuditEvent {
  const fields = after === undefined ? {} : { after };
  const who = { actor, ...namesIn({ actor, actorName }), peer };
  return { id: v4(), time, action, ...who, tokenId: '', ...fields, detail, requestId: '' };
}
