/** Lets people in whom the OpenID provider has signed in: finds or creates them, and gives them their role. */

import type { JsonObject } from '../store/record.ts';
import { personActor } from '../tokens/caller.ts';
import { uuidOf } from '../tokens/derived-uuid.ts';
import { fieldLimits } from '../tokens/fields.ts';
import type { People } from './people.ts';
import { mayEnter, type Person } from './person.ts';
import type { SignedInPerson } from './provider.ts';
import { granted, type RoleRule } from './role-rules.ts';
import type { Granted } from './roles.ts';

/** Who is let in, or why they are not. */
type LetIn =
  | { person: Person }
  | {
      /** `role`: no rule gives them one. `disabled`: an administrator has shut them out. */
      problem: 'role' | 'disabled';
      /** Their actor, where Usher knows them; otherwise "". */
      actor: string;
    };

/** Lets someone in from an address. Throws Unavailable, and TokenError for one who keeps changing. */
export type LetInByProvider = (signedIn: SignedInPerson, peer: string) => Promise<LetIn>;

/** Creates it. */
export function createLetInByProvider(
  people: People,
  rules: readonly RoleRule[],
  now: () => number,
): LetInByProvider {
  return async ({ issuer, subject, claims }, peer) => {
    // The same for each sign-in, so that two at once make one person.
    const id = uuidOf(JSON.stringify(['person', issuer, subject]));
    const { name, email } = describe(claims, subject);
    const by = { actor: personActor(id), name, peer };
    const known = await people.find(id);
    const grant = granted(rules, claims);
    if (grant === undefined) return { problem: 'role', actor: known ? by.actor : '' };
    if (known?.disabledAt !== undefined) return { problem: 'disabled', actor: by.actor };
    if (known === undefined) {
      const more = { ...(email !== '' && { email }), issuer, subject, roleBy: 'provider' };
      await people.create({ id, name, ...grant, more }, by);
    }
    const person = await people.change(id, {
      ...{ action: 'person.update', by, detail: 'by a sign-in' },
      isUnlogged: known === undefined || isAsBefore(known, name, grant),
      make: before => ({
        ...{ name, email: email === '' ? undefined : email, issuer, subject },
        lastSignInAt: now(),
        // One who was removed comes back as someone new.
        ...(before.removedAt === undefined ? {} : { removedAt: undefined, roleBy: 'provider' }),
        ...(before.removedAt === undefined && !before.isRoleByProvider ? {} : members(grant)),
      }),
    });
    // An administrator may have shut them out in this moment.
    return mayEnter(person) ? { person } : { problem: 'disabled', actor: by.actor };
  };
}

function members({ role, owners }: Granted) {
  return { role, owners: owners === undefined ? undefined : [...owners] };
}

/** Whether the sign-in changes nothing that the audit log holds; it has an entry of the sign-in itself. */
function isAsBefore(known: Person, name: string, { role, owners }: Granted): boolean {
  if (known.removedAt !== undefined || known.name !== name) return false;
  if (!known.isRoleByProvider) return true;
  return known.role === role && JSON.stringify(known.owners) === JSON.stringify(owners);
}

/** What to call them. The texts come from elsewhere, so they are cut, and cleaned of control characters. */
function describe(claims: JsonObject, subject: string): { name: string; email: string } {
  const text = (claim: string) => {
    const value = claims[claim];
    return typeof value === 'string' ? clean(value) : '';
  };
  const email = text('email');
  const names = [text('name'), text('preferred_username'), email, clean(subject), 'unnamed'];
  return { name: names.find(name => name !== '') ?? '', email };
}

function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, fieldLimits.nameLengthMax)
    .toWellFormed();
}
