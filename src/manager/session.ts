/**
 * Sessions of the web app. A session is a sealed cookie: every worker and server with its key can read
 * it. It is good while the list of sessions has it too. The cookie alone opens nothing: it holds the hash
 * of a secret that only the page has.
 */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SessionList } from '../people/session-list.ts';
import { sealText, unsealText } from '../verify/seal.ts';
import type { ManagerLimits } from './limits.ts';

/** Who is signed in, and since when. It has no scopes: those are looked up on each request. */
export interface Session {
  /** 256 random bits, base64url. */
  id: string;
  /** As in Caller: the UUID of an access token, or "admin". */
  actor: string;
  /** When the caller's token was checked, in milliseconds since 1970. */
  signedInAt: number;
  /** Last use in milliseconds since 1970; may be old by up to `sessionRenewAfterMs`. */
  usedAt: number;
  /** SHA-256 of the page secret, base64url. */
  pageSecretHash: string;
}

/** What the browser needs to use a session. */
export interface SessionKeys {
  /** The value of the session's cookie. */
  cookie: string;
  /** The page secret. */
  pageSecret: string;
}

/** Opens, reads and ends sessions. */
export interface Sessions {
  /**
   * A new session of a caller who was authenticated at `signedInAt`, and its page secret (256 random bits,
   * base64url). With an `id` of 256 random bits, base64url, the session has that one.
   */
  open(actor: string, signedInAt: number, id?: string): { session: Session; pageSecret: string };
  /** Encrypts a session into the cookie's value. */
  seal(session: Session): string;
  /**
   * Decrypts a cookie's value; undefined if it is forged or expired, or the page secret is not the
   * session's. Does not look whether it has ended.
   */
  unseal(keys: SessionKeys): Session | undefined;
  /** Like `unseal`, and undefined for a session that has ended. Throws Unavailable. */
  read(keys: SessionKeys): Promise<Session | undefined>;
  /** The session with its last use set to now; undefined if its cookie needs no renewal yet. */
  renew(session: Session): Session | undefined;
  /** When the session ends if it is not used again, in milliseconds since 1970. */
  endOf(session: Session): number;
  /** When it ends however it is used, in milliseconds since 1970. */
  lastEndOf(session: Session): number;
}

const purpose = 'usher web app session, version 2';
/** A sealed session has about 250 characters; anything much longer is refused unread. */
const sealedCharactersMax = 1024;

/** Creates sessions that are sealed (AES-256-GCM) with the first of some keys of 32 bytes. */
export function createSessions(deps: {
  /** Asked at each use. All keys open; there is at least one. */
  keys: () => readonly Uint8Array[];
  now: () => number;
  limits: ManagerLimits;
  sessionList: Pick<SessionList, 'isOpen'>;
}): Sessions {
  const { keys, now, limits, sessionList } = deps;
  const lastEndOf = ({ signedInAt }: Session) => signedInAt + limits.sessionLifetimeMs;
  const endOf = (session: Session) =>
    Math.min(lastEndOf(session), session.usedAt + limits.sessionIdleMs);
  const unseal = ({ cookie, pageSecret }: SessionKeys) => {
    if (cookie.length > sealedCharactersMax) return undefined;
    const opened = keys().map(key => unsealText(key, cookie, purpose));
    const session = parseSession(opened.find(text => text !== undefined));
    if (!session || endOf(session) <= now()) return undefined;
    return isHashOf(session.pageSecretHash, pageSecret) ? session : undefined;
  };
  return {
    open(actor, signedInAt, id = randomBytes(32).toString('base64url')) {
      const pageSecret = randomBytes(32).toString('base64url');
      const session = {
        id,
        actor,
        signedInAt,
        usedAt: now(),
        pageSecretHash: hash('sha256', pageSecret, 'base64url'),
      };
      return { session, pageSecret };
    },
    seal: session => sealText(keys()[0] as Uint8Array, JSON.stringify(session), purpose),
    unseal,
    async read(keys) {
      const session = unseal(keys);
      return session && (await sessionList.isOpen(session.actor, session.id)) ? session : undefined;
    },
    renew(session) {
      const usedAt = now();
      return usedAt - session.usedAt < limits.sessionRenewAfterMs
        ? undefined
        : { ...session, usedAt };
    },
    lastEndOf,
    endOf,
  };
}

function isHashOf(expected: string, pageSecret: string): boolean {
  const bytes = hash('sha256', pageSecret, 'buffer');
  return timingSafeEqual(bytes, Buffer.from(expected, 'base64url'));
}

function parseSession(text: string | undefined): Session | undefined {
  // Only this server can seal with these keys, so the shape needs no check.
  return text === undefined ? undefined : (JSON.parse(text) as Session);
}
