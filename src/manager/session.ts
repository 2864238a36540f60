/**
 * Sessions of the web app. A session is a sealed cookie, not a row in a table: any worker process or
 * replica that has the key can read it, and nothing is kept in the store but who signed out.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { EndedSessions } from '../store/store.ts';
import type { ManagerLimits } from './limits.ts';

/** Who is signed in, and since when. Scopes are not in it: they are asked for on each request. */
export interface Session {
  /** 256 random bits, base64url. */
  id: string;
  /** As in Caller: UUID of an access token, or "admin". */
  actor: string;
  /** When the caller signed in, in milliseconds since 1970. */
  signedInAt: number;
  /** When the session was last used, correct to `sessionRenewAfterMs`. */
  usedAt: number;
}

/** Opens, reads and ends sessions. */
export interface Sessions {
  open(actor: string): Session;
  /** The cookie's value for a session. */
  seal(session: Session): string;
  /** The session of a cookie's value; undefined for one forged or too old. It may have been ended. */
  unseal(value: string): Session | undefined;
  /** The same; undefined for one ended too. Throws Unavailable. */
  read(value: string): Promise<Session | undefined>;
  /** The same session, used now; undefined when its cookie is still young enough. */
  renew(session: Session): Session | undefined;
  /** Ends it for every copy of its cookie. Throws Unavailable. */
  end(session: Session): Promise<void>;
  /** When the session ends if it is not used any more, in milliseconds since 1970. */
  endOf(session: Session): number;
}

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const purpose = Buffer.from('usher web app session, version 1');
/** A sealed session is about 250 characters: anything much longer is not one. */
const sealedCharactersMax = 1024;

/** Makes sessions that are sealed with a key of 32 bytes. */
export function createSessions(deps: {
  key: Uint8Array;
  now: () => number;
  limits: ManagerLimits;
  ended: EndedSessions;
}): Sessions {
  const { key, now, limits, ended } = deps;
  const endOf = (session: Session) =>
    Math.min(session.signedInAt + limits.sessionLifetimeMs, session.usedAt + limits.sessionIdleMs);
  const unseal = (value: string) => {
    const session = parseSession(unsealText(key, value));
    return session && endOf(session) > now() ? session : undefined;
  };
  return {
    open(actor) {
      const time = now();
      return { id: randomBytes(32).toString('base64url'), actor, signedInAt: time, usedAt: time };
    },
    seal: session => sealText(key, JSON.stringify(session)),
    unseal,
    async read(value) {
      const session = unseal(value);
      return session && !(await ended.isSessionEnded(session.id)) ? session : undefined;
    },
    renew(session) {
      const usedAt = now();
      return usedAt - session.usedAt < limits.sessionRenewAfterMs
        ? undefined
        : { ...session, usedAt };
    },
    end: session => ended.endSession(session.id, session.signedInAt + limits.sessionLifetimeMs),
    endOf,
  };
}

function sealText(key: Uint8Array, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(purpose);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
}

function unsealText(key: Uint8Array, value: string): string | undefined {
  if (value.length > sealedCharactersMax) return undefined;
  const bytes = Buffer.from(value, 'base64url');
  if (bytes.length <= nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(purpose);
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function parseSession(text: string | undefined): Session | undefined {
  // What was sealed under our key was written by us: its shape needs no check.
  return text === undefined ? undefined : (JSON.parse(text) as Session);
}
