/** The ceremonies of passkeys in this browser: what the server asks, and the browser's answer. */

import { useQuery } from '@tanstack/react-query';
import { sessionHeaders } from '../page-secret.ts';

/** Where passkeys are used, or why they cannot be, as the server says. */
interface Ways {
  passkeys: { origin: string } | { problem: string };
}

/** Whether passkeys can be used here. */
export type Usable =
  | { isUsable: true }
  /** Why not, for people, and the address at which they can be, where there is one. */
  | { isUsable: false; why: string; origin?: string };

/** Whether this page can use passkeys; undefined while that is not known. */
export function usePasskeysHere(): Usable | undefined {
  const { data } = useQuery({ queryKey: ['sign-in-ways'], queryFn: readWays, staleTime: 60_000 });
  if (data === undefined) return undefined;
  const { passkeys } = data;
  if ('problem' in passkeys) return { isUsable: false, why: passkeys.problem };
  const { origin } = passkeys;
  if (window.location.origin !== origin) {
    return { isUsable: false, why: `passkeys work at the address ${origin} alone`, origin };
  }
  if (window.PublicKeyCredential === undefined) {
    return { isUsable: false, why: 'this browser has no passkeys' };
  }
  return { isUsable: true };
}

async function readWays(): Promise<Ways> {
  const response = await fetch('/sign-in/ways');
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

/** Posts JSON to a route of the API Manager. Throws Error with what is wrong, for people. */
export async function post<T>(path: string, body: object): Promise<T> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...sessionHeaders() },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (response === undefined) throw new Error('The server cannot be reached.');
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}.`);
  return answer;
}

/** The answer of a passkey, with which `POST /session` signs in. Throws Error, for people. */
export async function askPasskey(): Promise<object> {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  const optionsJSON = await post<never>('/sign-in/passkey', {});
  return await startAuthentication({ optionsJSON }).catch(inWords);
}

/** Makes a passkey of the signed-in person. Throws Error, for people. */
export async function addPasskey(name: string): Promise<void> {
  const { startAuthentication, startRegistration } = await import('@simplewebauthn/browser');
  let optionsJSON = await post<{ confirm?: never }>('/passkeys/begin', {});
  if (optionsJSON.confirm !== undefined) {
    // Some time after the sign-in, the server wants to see a passkey that the person has.
    const passkey = await startAuthentication({ optionsJSON: optionsJSON.confirm }).catch(inWords);
    optionsJSON = await post('/passkeys/begin', { passkey });
  }
  const response = await startRegistration({ optionsJSON: optionsJSON as never }).catch(inWords);
  await post('/passkeys/finish', { name, response });
}

function inWords(error: unknown): never {
  const { name } = error instanceof Error ? error : { name: '' };
  if (name === 'NotAllowedError' || name === 'AbortError') {
    throw new Error('It was cancelled, or took too long. Try again.');
  }
  if (name === 'InvalidStateError') {
    throw new Error('This device has a passkey of yours already.');
  }
  throw new Error('This browser could not use a passkey. Try another one, or another device.');
}

/** A first name for a passkey made here: the kind of device. */
export function deviceName(): string {
  const { userAgent } = navigator;
  const found = [
    [/iPhone/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Android/, 'Android device'],
    [/Mac OS X/, 'Mac'],
    [/Windows/, 'Windows computer'],
    [/CrOS/, 'Chromebook'],
    [/Linux/, 'Linux computer'],
  ].find(([pattern]) => (pattern as RegExp).test(userAgent));
  return String(found?.[1] ?? 'This device');
}
