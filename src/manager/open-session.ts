/** Opens a session for someone who has signed in, whatever the way. */

import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { browserName } from '../people/browser-name.ts';
import type { SignInMethod } from '../people/session-list.ts';
import { adminActor, adminScope, auditScope, type Caller, readScope } from '../tokens/caller.ts';
import { sessionCookie } from './cookie.ts';
import type { ManagerDeps } from './deps.ts';
import { cameOverTls } from './over-tls.ts';
import type { Session, Sessions } from './session.ts';

/** What a sign-in was. */
export interface SignIn {
  caller: Caller;
  how: SignInMethod;
  /** When they showed who they are, in milliseconds since 1970. */
  at: number;
  /**
   * Random and secret: a second session of it is refused, at every server. Absent where what was signed in
   * with may be used again.
   */
  once?: string;
  /** As in NewSession. */
  sealedHint?: string;
}

/** The answer to a sign-in: its body has the page secret, which the server says nowhere else. */
export interface Opened {
  body: object;
  cookie: string;
}

/** What opening and describing sessions needs. */
export type OpenSessionDeps = Pick<ManagerDeps, 'sessionList' | 'onAdminSignIn' | 'now'> & {
  sessions: Sessions;
};

/**
 * Opens a session, lists and logs it. Resolves to undefined when `once` was used before. Throws
 * Unavailable.
 */
export async function openSession(
  deps: OpenSessionDeps,
  req: IncomingMessage,
  { caller, how, at, once, sealedHint }: SignIn,
): Promise<Opened | undefined> {
  const { sessions, sessionList } = deps;
  const id = once === undefined ? undefined : hash('sha256', `session ${once}`, 'base64url');
  const { session, pageSecret } = sessions.open(caller.actor, at, id);
  const isNew = await sessionList.add({
    ...{ sessionId: session.id, caller, how, signedInAt: at },
    endsAt: sessions.lastEndOf(session),
    browser: browserName(req.headers['user-agent'] ?? ''),
    ...(sealedHint !== undefined && { sealedHint }),
  });
  if (!isNew) return undefined;
  if (caller.actor === adminActor) deps.onAdminSignIn(caller, how);
  const body = { ...describeSession(deps, session, caller), pageSecret };
  return { body, cookie: cookieOf(deps, req, session) };
}

/** What the page may know of its session. */
export function describeSession({ sessions }: OpenSessionDeps, session: Session, caller: Caller) {
  return {
    actor: caller.actor,
    name: caller.name,
    ...(caller.owners && { owners: caller.owners }),
    scopes: caller.scopes.filter(scope => scope.startsWith('usher.')),
    expiresAt: sessions.endOf(session),
  };
}

/** The Set-Cookie header of a session. */
export function cookieOf(
  { sessions, now }: OpenSessionDeps,
  req: IncomingMessage,
  session: Session,
): string {
  const seconds = Math.ceil((sessions.endOf(session) - now()) / 1000);
  return sessionCookie(sessions.seal(session), seconds, cameOverTls(req));
}

const entering = [adminScope, readScope, auditScope];

/** Whether a caller may use the web app. */
export function maySignIn({ scopes }: Caller): boolean {
  return entering.some(scope => scopes.includes(scope));
}
