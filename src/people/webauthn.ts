/** The ceremonies of passkeys (WebAuthn Level 3): what the browser is asked, and whether its answer holds. */

import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { Passkey } from './passkey.ts';

/** Loaded by the first use of a passkey: it takes some 30 MB, which a server without passkeys saves. */
const webauthn = () => import('@simplewebauthn/server');

/** Where passkeys are used: they are bound to the host, and work on its pages alone. */
export interface RelyingParty {
  /** Host of the API Manager's address. */
  id: string;
  /** Scheme, host and port. */
  origin: string;
}

/** Why passkeys cannot be used at an address, for people. */
export interface NoPasskeys {
  problem: string;
}

/**
 * Where passkeys are used for an address of the API Manager. Browsers have none for an IP address, and none
 * over plain HTTP but on localhost, as which a loopback address counts.
 */
export function relyingPartyOf(managerUrl: string): RelyingParty | NoPasskeys {
  const url = new URL(managerUrl);
  const isLoopback = /^(127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (isLoopback) url.hostname = 'localhost';
  const { hostname: id, origin, protocol } = url;
  const isLocal = id === 'localhost' || id.endsWith('.localhost');
  if (/^[\d.]+$|^\[/.test(id)) {
    return { problem: `browsers have no passkeys for an IP address (${origin}): ${whatToDo}` };
  }
  if (protocol !== 'https:' && !isLocal) {
    return { problem: `browsers have no passkeys over plain HTTP (${origin}): ${whatToDo}` };
  }
  return { id, origin };
}

const whatToDo =
  'serve the API Manager as https:// with a host name, and set USHER_MANAGER_URL to it';

/** Time to answer the browser's question, in milliseconds. */
export const ceremonyMs = 300_000;

/** EdDSA, ES256 and RS256: what authenticators have. */
const algorithms = [-8, -7, -257];

/** What the browser is asked in order to make a passkey of a person. */
export async function registrationOptions(
  { id: rpID }: RelyingParty,
  person: { id: string; name: string },
  passkeys: readonly Passkey[],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { generateRegistrationOptions } = await webauthn();
  return await generateRegistrationOptions({
    ...{ rpName: 'Usher API Manager', rpID, timeout: ceremonyMs },
    userName: person.name,
    userDisplayName: person.name,
    userID: new TextEncoder().encode(person.id),
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: passkeys.map(({ id }) => ({ id })),
    supportedAlgorithmIDs: algorithms,
  });
}

/** What the browser is asked in order to sign in, with any passkey of this host. */
export async function signInOptions({
  id: rpID,
}: RelyingParty): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await webauthn();
  return await generateAuthenticationOptions({
    ...{ rpID, timeout: ceremonyMs, userVerification: 'required' },
  });
}

/** The new credential; undefined for an answer that does not hold. */
export async function registered(
  { id, origin }: RelyingParty,
  response: unknown,
  challenge: string,
): Promise<Pick<Passkey, 'id' | 'publicKey' | 'counter' | 'transports'> | undefined> {
  const { verifyRegistrationResponse } = await webauthn();
  const verified = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    ...{ expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: id },
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch(() => undefined);
  const credential = verified?.verified ? verified.registrationInfo.credential : undefined;
  if (credential === undefined) return undefined;
  const { id: credentialId, publicKey, counter, transports = [] } = credential;
  return {
    ...{ id: credentialId, counter },
    publicKey: Buffer.from(publicKey).toString('base64url'),
    transports: transports.filter(each => /^[\w-]{1,32}$/.test(each)).slice(0, 8),
  };
}

/** The person and the credential that an answer names, unproven; undefined where it names none. */
export function namedIn(response: unknown): { personId: string; passkeyId: string } | undefined {
  const { id, response: inner } = (response ?? {}) as Partial<AuthenticationResponseJSON>;
  const handle = inner?.userHandle;
  if (typeof id !== 'string' || typeof handle !== 'string') return undefined;
  return { personId: Buffer.from(handle, 'base64url').toString('utf8'), passkeyId: id };
}

/** The authenticator's count after a sign-in; undefined for an answer that does not hold. */
export async function signedInCount(
  { id, origin }: RelyingParty,
  response: unknown,
  challenge: string,
  { id: passkeyId, publicKey, transports }: Passkey,
): Promise<number | undefined> {
  const { verifyAuthenticationResponse } = await webauthn();
  const verified = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    ...{ expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: id },
    requireUserVerification: true,
    credential: {
      id: passkeyId,
      publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')),
      // Usher compares it itself: a count that went back is distinguished from an answer that is wrong.
      counter: 0,
      transports: transports as never[],
    },
  }).catch(() => undefined);
  return verified?.verified ? verified.authenticationInfo.newCounter : undefined;
}
