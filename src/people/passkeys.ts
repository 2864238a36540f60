/** The passkeys of people who were invited: their second way in. */

import { adminScope, type Caller, demand, personActor, personIn } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { checkShownText, fieldLimits, invalid, isUuid } from '../tokens/fields.ts';
import { type Passkey, passkeysMember, passkeysOf } from './passkey.ts';
import { type By, noSuchPerson, type People } from './people.ts';
import { mayEnter, type Person } from './person.ts';
import {
  type NoPasskeys,
  namedIn,
  type RelyingParty,
  registered,
  registrationOptions,
  signedInCount,
  signInOptions,
} from './webauthn.ts';

/** What a sign-in by a passkey came to. */
export type PasskeySignIn =
  | { person: Person }
  /** `clone`: the authenticator's count went back, as it does where a passkey was copied. */
  | { problem: 'unknown' | 'wrong' | 'disabled' | 'clone'; actor: string };

/** The passkeys. Throws TokenError or Unavailable. */
export interface Passkeys {
  /** Where they are used, or why they cannot be. */
  readonly party: RelyingParty | NoPasskeys;
  /** What the browser of a signed-in person is asked. FAILED_PRECONDITION where they can have none. */
  beginRegistration(caller: Caller): Promise<Awaited<ReturnType<typeof registrationOptions>>>;
  /** Adds a passkey of the caller. INVALID_ARGUMENT for an answer that does not hold. */
  register(caller: Caller, answer: unknown, challenge: string, name: string): Promise<Passkey>;
  /** What the browser of anyone is asked. */
  beginSignIn(): Promise<Awaited<ReturnType<typeof signInOptions>>>;
  /** Lets a person in, from an address. */
  signIn(answer: unknown, challenge: string, peer: string): Promise<PasskeySignIn>;
  /** Those of a person: the caller, or anyone's where the caller has the scope usher.admin. */
  list(caller: Caller, personId: string): Promise<Passkey[]>;
  rename(caller: Caller, personId: string, id: string, name: string): Promise<Passkey[]>;
  /** FAILED_PRECONDITION for the last one, unless `mayBeLast`. */
  remove(caller: Caller, personId: string, id: string, mayBeLast: boolean): Promise<Passkey[]>;
}

/** Most passkeys of a person: browsers get all their ids. */
const passkeysMax = 20;

/** Creates it. `now` is in milliseconds since 1970; `onClone` gets who used a copied passkey. */
export function createPasskeys(
  people: People,
  party: RelyingParty | NoPasskeys,
  now: () => number,
  onClone: (by: By, passkey: Passkey) => Promise<void>,
): Passkeys {
  const usable = (): RelyingParty => {
    if ('problem' in party) throw new TokenError('FAILED_PRECONDITION', party.problem);
    return party;
  };
  const own = async (caller: Caller): Promise<Person> => {
    const id = personIn(caller.actor);
    if (id === undefined) {
      throw new TokenError('FAILED_PRECONDITION', 'passkeys are for people: sign in as one');
    }
    const person = await people.find(id);
    if (person === undefined) throw noSuchPerson(id);
    // A passkey would let them in after the provider has shut them out.
    if (person.provider !== undefined) {
      throw new TokenError(
        'FAILED_PRECONDITION',
        'people who sign in by the provider have no passkeys',
      );
    }
    return person;
  };
  const someone = async (caller: Caller, id: string): Promise<Person> => {
    if (caller.actor !== personActor(id)) {
      demand(caller, adminScope);
      if (caller.owners !== undefined) throw noSuchPerson(id);
    }
    const person = isUuid(id) ? await people.find(id) : undefined;
    if (person === undefined) throw noSuchPerson(id);
    return person;
  };

  return {
    party,

    async beginRegistration(caller) {
      const at = usable();
      const person = await own(caller);
      return await registrationOptions(at, person, passkeysOf(person));
    },

    async register(caller, answer, challenge, name) {
      const at = usable();
      checkPasskeyName(name);
      const { id: personId } = await own(caller);
      const credential = await registered(at, answer, challenge);
      if (credential === undefined) throw invalid('response', 'does not hold; try again');
      const passkey: Passkey = { ...credential, name: name.trim(), createdAt: now() };
      await people.change(personId, {
        action: 'person.update',
        by: caller,
        detail: `passkey "${passkey.name}" added`,
        make(person) {
          const passkeys = passkeysOf(person);
          if (passkeys.some(({ id }) => id === passkey.id)) {
            throw new TokenError('FAILED_PRECONDITION', 'this passkey is registered already');
          }
          if (passkeys.length >= passkeysMax) {
            throw new TokenError('FAILED_PRECONDITION', `${passkeysMax} passkeys are the most`);
          }
          return passkeysMember([...passkeys, passkey]);
        },
      });
      return passkey;
    },

    beginSignIn: async () => await signInOptions(usable()),

    async signIn(answer, challenge, peer) {
      const at = usable();
      const named = namedIn(answer);
      const person =
        named !== undefined && isUuid(named.personId)
          ? await people.find(named.personId)
          : undefined;
      const passkey = person && passkeysOf(person).find(({ id }) => id === named?.passkeyId);
      if (person === undefined || passkey === undefined) return { problem: 'unknown', actor: '' };
      const actor = personActor(person.id);
      const count = await signedInCount(at, answer, challenge, passkey);
      if (count === undefined) return { problem: 'wrong', actor: '' };
      if (!mayEnter(person) || person.provider !== undefined) return { problem: 'disabled', actor };
      let isClone = false;
      const changed = await people.change(person.id, {
        action: 'person.update',
        by: { actor, peer },
        isUnlogged: true,
        make(before, signedInAt) {
          const passkeys = passkeysOf(before);
          const used = passkeys.find(({ id }) => id === passkey.id);
          // It can have been removed in this moment.
          if (used === undefined) throw new TokenError('ABORTED', 'the passkey was removed');
          isClone = wentBack(used.counter, count);
          if (isClone) return undefined;
          const after = { ...used, counter: count, lastUsedAt: signedInAt };
          const others = passkeys.map(each => (each.id === after.id ? after : each));
          return { ...passkeysMember(others), lastSignInAt: signedInAt };
        },
      });
      if (isClone) {
        await onClone({ actor, peer }, passkey);
        return { problem: 'clone', actor };
      }
      return mayEnter(changed) ? { person: changed } : { problem: 'disabled', actor };
    },

    list: async (caller, personId) => passkeysOf(await someone(caller, personId)),

    async rename(caller, personId, id, name) {
      checkPasskeyName(name);
      await someone(caller, personId);
      const changed = await people.change(personId, {
        action: 'person.update',
        by: caller,
        detail: 'passkey renamed',
        make(person) {
          const passkeys = passkeysOf(person);
          demandPasskey(passkeys, id);
          return passkeysMember(
            passkeys.map(each => (each.id === id ? { ...each, name: name.trim() } : each)),
          );
        },
      });
      return passkeysOf(changed);
    },

    async remove(caller, personId, id, mayBeLast) {
      const { name: who } = await someone(caller, personId);
      const name = demandPasskey(passkeysOf(await someone(caller, personId)), id).name;
      const changed = await people.change(personId, {
        action: 'person.update',
        by: caller,
        detail: `passkey "${name}" removed`,
        make(person) {
          const passkeys = passkeysOf(person);
          demandPasskey(passkeys, id);
          if (passkeys.length === 1 && !mayBeLast) {
            const text = `it is the last passkey of ${who}, who cannot sign in without one`;
            throw new TokenError('FAILED_PRECONDITION', text);
          }
          return passkeysMember(passkeys.filter(each => each.id !== id));
        },
      });
      return passkeysOf(changed);
    },
  };
}

/** Whether an authenticator that counts has counted no further (WebAuthn, section 6.1.1). */
function wentBack(before: number, count: number): boolean {
  return (before > 0 || count > 0) && count <= before;
}

function demandPasskey(passkeys: readonly Passkey[], id: string): Passkey {
  const passkey = passkeys.find(each => each.id === id);
  if (passkey === undefined) throw new TokenError('NOT_FOUND', 'there is no such passkey');
  return passkey;
}

/** Throws INVALID_ARGUMENT for a name that no passkey can have. */
export function checkPasskeyName(name: string): void {
  if (name.trim() === '') throw invalid('name', 'is required');
  checkShownText('name', name, fieldLimits.nameLengthMax);
}
