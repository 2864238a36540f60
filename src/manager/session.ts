/**
 * Sessions of the web app. A session is a sealed cookie, not a record in the store: every worker
 * and server with the key can read it. The store holds only the ids of signed-out sessions.
 */

import { randomBytes } from 'node:crypto';
import type { EndedSessions } from '../store/store.ts';
import { sealText, unsealText } from '../verify/seal.ts';
import type { ManagerLimits } from './limits.ts';

/** Who is signed in, and since when. It has no scopes: those are looked up on each request. */
export interface Session {
  /** 256 random bits, base64url. */
  id: string;
  /** As in Caller: the UUID of an access token, or "admin". */
  actor: string;
  /** When the caller signed in, in milliseconds since 1970. */
  signedInAt: number;
  /** Last use in milliseconds since 1970; may be old by up to `sessionRenewAfterMs`. */
  usedAt: number;
}

/** Opens, reads and ends sessions. */
export interface Sessions {
  /** A new session that begins now. */
  open(actor: string): Session;
  /** Encrypts a session into the cookie's value. */
  seal(session: Session): string;
  /** Decrypts a cookie's value; undefined if forged or expired. Does not check for a sign-out. */
  unseal(value: string): Session | undefined;
  /** Like `unseal`, and undefined if the session was signed out. Throws Unavailable. */
  read(value: string): Promise<Session | undefined>;
  /** The session with its last use set to now; undefined if its cookie needs no renewal yet. */
  renew(session: Session): Session | undefined;
  /** Ends a session, for every copy of its cookie. Throws Unavailable. */
  end(session: Session): Promise<void>;
  /** When the session ends if it is not used again, in milliseconds since 1970. */
  endOf(session: Session): number;
}

const purpose = 'usher web app session, version 1';
/** A sealed session has about 250 characters; anything much longer is refused unread. */
const sealedCharactersMax = 1024;

/** Creates sessions that are sealed (AES-256-GCM) with a key of 32 bytes. */
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
    const session = parseSession(
      value.length > sealedCharactersMax ? undefined : unsealText(key, value, purpose),
    );
    return session && endOf(session) > now() ? session : undefined;
  };
  return {
    open(actor) {
      const time = now();
      return { id: randomBytes(32).toString('base64url'), actor, signedInAt: time, usedAt: time };
    },
    seal: session => sealText(key, JSON.stringify(session), purpose),
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

function parseSession(text: string | undefined): Session | undefined {
  // Only this server can seal with the key, so the shape needs no check.
  return text === undefined ? undefined : (JSON.parse(text) as Session);
}
