/** The passkeys of a person, as their document has them. */

import type { JsonObject } from '../store/record.ts';
import type { Person } from './person.ts';

/** A passkey. Times are milliseconds since 1970. */
export interface Passkey {
  /** Of the credential (WebAuthn, section 4), base64url. */
  id: string;
  /** COSE key, base64url. */
  publicKey: string;
  /** How often it was used, as the authenticator counts; 0 where it does not count. */
  counter: number;
  /** How the browser reaches it, such as "internal" or "usb". */
  transports: string[];
  /** What its owner calls it. */
  name: string;
  createdAt: number;
  lastUsedAt?: number;
}

/** Reads the passkeys of a person. */
export function passkeysOf({ body }: Pick<Person, 'body'>): Passkey[] {
  const { passkeys } = body;
  if (!Array.isArray(passkeys)) return [];
  return passkeys.map(each => {
    const { id, publicKey, counter, transports, name, createdAt, lastUsedAt } = each as JsonObject;
    return {
      ...{ id: String(id), publicKey: String(publicKey), counter: Number(counter) },
      transports: Array.isArray(transports) ? transports.map(String) : [],
      ...{ name: String(name), createdAt: Number(createdAt) },
      ...(typeof lastUsedAt === 'number' && { lastUsedAt }),
    };
  });
}

/** As the member of a person's document. */
export function passkeysMember(passkeys: readonly Passkey[]): { passkeys: JsonObject[] } {
  return { passkeys: passkeys.map(each => ({ ...each })) };
}
