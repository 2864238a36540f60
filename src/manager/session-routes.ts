/** The route of sessions, `/session`: sign-in, sign-out, and "who am I". */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { listId } from '../people/session-list.ts';
import { pathOf } from '../reading/place.ts';
import { adminActor, adminScope, auditScope, type Caller, readScope } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { sessionCookie } from './cookie.ts';
import type { ManagerDeps, SignedIn } from './deps.ts';
import type { Handoffs } from './handoff.ts';
import type { InvitedRoutes } from './invited-routes.ts';
import { jsonBody } from './json-body.ts';
import { cookieOf, describeSession, maySignIn, openSession, type SignIn } from './open-session.ts';
import { cameOverTls } from './over-tls.ts';
import type { ProviderSignOut } from './provider-sign-out.ts';
import { sendJson } from './reply.ts';
import { madeByOtherSite, madeByOwnPage } from './same-origin.ts';
import type { Session, Sessions } from './session.ts';
import { keysIn } from './session-keys.ts';

/** Answers a request for `/session`; false for another path. Throws Unavailable. */
export type SessionRoutes = (
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
) => Promise<boolean>;

interface RouteDeps
  extends Pick<ManagerDeps, 'authenticate' | 'currentCaller' | 'redeemLoginCode'>,
    Pick<ManagerDeps, 'sessionList' | 'onAdminSignIn'>,
    Pick<ManagerDeps, 'refused' | 'limits' | 'now' | 'beginAttempt' | 'peerOf'> {
  sessions: Sessions;
  handoffs: Handoffs;
  atProvider: ProviderSignOut;
  invited: Pick<InvitedRoutes, 'byInvitation' | 'byPasskey'>;
  signedIn(headers: IncomingHttpHeaders, peer: string): Promise<SignedIn | undefined>;
}

/** Creates the handler of this route. */
export function createSessionRoutes(deps: RouteDeps): SessionRoutes {
  return async (path, req, res) => {
    if (path !== '/session') return false;
    if (req.method === 'GET') await showSession(deps, req, res);
    else if (req.method === 'POST') await signIn(deps, req, res);
    else if (req.method === 'DELETE') await signOut(deps, req, res);
    else sendJson(res, 405, { error: 'method is not allowed' }, { allow: 'GET, POST, DELETE' });
    return true;
  };
}

/**
 * `POST /session` with an admin token, or the code of a login link or of a sign-in that the provider has
 * confirmed. The answer holds the page
 * secret, which the server says nowhere else.
 */
async function signIn(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  // Otherwise another site's page could sign the visitor in to the attacker's session.
  if (madeByOtherSite(req.headers)) return await refuseOtherSite(deps, req, res);
  const offered = await offeredBy(deps, req);
  if (typeof offered === 'string') return sendJson(res, 400, { error: offered });
  const found = await signInBy(deps, req, offered).catch(asSlowed);
  if (found instanceof TokenError) {
    await refused(deps, req, found.message);
    const retryAfter = String(Math.ceil((found.retryAfterMs ?? 0) / 1000));
    return sendJson(res, 429, { error: found.message }, { 'retry-after': retryAfter });
  }
  const { caller, ...signedIn } = found;
  if (!caller) return await refuseSignIn(deps, req, res, offered);
  if (typeof caller === 'string') {
    await refused(deps, req, caller);
    return sendJson(res, 403, { error: caller });
  }
  if (!maySignIn(caller)) {
    await refused(deps, req, 'the token lacks the scope', caller.actor);
    const wanted = `${adminScope}, ${readScope} or ${auditScope}`;
    return sendJson(res, 403, { error: `token lacks scope ${wanted}` });
  }
  const opened = await openSession(deps, req, { ...signedIn, caller });
  if (opened === undefined) return await refuseSignIn(deps, req, res, offered);
  sendJson(res, 200, opened.body, { 'set-cookie': opened.cookie });
}

async function refuseSignIn(
  deps: RouteDeps,
  req: IncomingMessage,
  res: ServerResponse,
  offered: Offered,
) {
  const isAsked = 'passkey' in offered;
  const error =
    'token' in offered
      ? 'token is not valid'
      : isAsked
        ? 'this sign-in was used already; try again'
        : 'login link was used or has expired';
  await refused(deps, req, error);
  sendJson(res, 401, { error });
}

/** What a caller signs in with. */
type Offered = { token: string } | { code: string } | { invitation: string } | { passkey: object };

/** A sign-in, whose caller is undefined for a wrong token or code, or a text that says why not. */
type Tried = Omit<SignIn, 'caller'> & { caller: Caller | string | undefined };

async function signInBy(deps: RouteDeps, req: IncomingMessage, offered: Offered): Promise<Tried> {
  const peer = deps.peerOf(req);
  if ('token' in offered) {
    const caller = await deps.authenticate(offered.token, peer);
    const isAdmin = typeof caller === 'object' && caller.actor === adminActor;
    return { caller, how: isAdmin ? 'admin token' : 'access token', at: deps.now() };
  }
  if ('invitation' in offered || 'passkey' in offered) {
    const found =
      'passkey' in offered
        ? await deps.invited.byPasskey(req, offered.passkey)
        : await deps.invited.byInvitation(req, offered.invitation);
    return typeof found === 'string' ? { caller: found, how: 'link', at: deps.now() } : found;
  }
  const attempt = deps.beginAttempt(peer);
  const confirmed = deps.handoffs.redeem(req.headers.cookie, offered.code);
  const letIn = confirmed ?? deps.redeemLoginCode(offered.code);
  attempt.end(letIn === undefined);
  if (letIn === undefined) return { caller: undefined, how: 'link', at: deps.now() };
  // The token was checked when the code was made: a code must not outlive a rotation since then.
  const { actor, at } = letIn;
  const caller = await deps.currentCaller(actor, peer, at);
  if (confirmed === undefined) return { caller, how: 'link', at };
  const { how, idToken } = confirmed;
  const sealedHint = deps.atProvider.sealHint(idToken);
  return { caller, how, at, once: offered.code, ...(sealedHint !== undefined && { sealedHint }) };
}

/** The error of a source that guesses, as a value. */
function asSlowed(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  throw error;
}

async function showSession(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  if (madeByOtherSite(req.headers)) return await refuseOtherSite(deps, req, res);
  const found = await deps.signedIn(req.headers, deps.peerOf(req));
  if (!found) return sendJson(res, 401, { error: 'not signed in' });
  const renewed = deps.sessions.renew(found.session);
  const cookie = renewed && cookieOf(deps, req, renewed);
  const body = describeSession(deps, renewed ?? found.session, found.caller);
  // Not awaited: who looks at the page does not wait for the list.
  if (renewed) void deps.sessionList.touch(renewed.actor, renewed.id, found.caller.peer);
  sendJson(res, 200, body, cookie === undefined ? {} : { 'set-cookie': cookie });
}

async function signOut(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  if (!madeByOwnPage(req.headers)) return await refuseOtherSite(deps, req, res);
  const session = deps.sessions.unseal(keysIn(req.headers));
  const caller =
    session && (await deps.currentCaller(session.actor, deps.peerOf(req), session.signedInAt));
  const listed = session && (await deps.sessionList.findOwn(session.actor, session.id));
  if (session && caller) {
    // A session that has ended too: the sign-out that ended it may have failed before that was durable.
    await deps.sessionList.end(endingOf(deps, session, caller), caller);
  }
  const providerUrl = await deps.atProvider.urlFor(listed);
  const body = providerUrl === undefined ? {} : { providerUrl };
  sendJson(res, 200, body, { 'set-cookie': sessionCookie('', 0, cameOverTls(req)) });
}

async function refuseOtherSite(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  await refused(deps, req, "the request is not one of the API Manager's page");
  sendJson(res, 403, { error: 'only a page of the API Manager may send this request' });
}

/** Counts the refused request for the audit log, by its path without the query. */
function refused(deps: RouteDeps, req: IncomingMessage, why: string, actor = ''): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?');
  return deps.refused({ actor, peer: deps.peerOf(req), detail: `${req.method} ${path}: ${why}` });
}

/** A session as the list names it, also one that is not in the list. */
function endingOf({ sessions }: RouteDeps, session: Session, { actor, name }: Caller) {
  const { id: sessionId } = session;
  const endsAt = sessions.lastEndOf(session);
  return { id: listId(actor, sessionId), actor, name, sessionId, endsAt };
}

/** What a body can hold. A passkey's answer, and the code of an invitation, come from the page alone. */
const offers = ['token', 'code', 'invitation', 'passkey'];
const wanted = 'send {"token":"…"} or {"code":"…"} as application/json';

/** The token of the Authorization header, or what the body holds; a text says what is wrong. */
async function offeredBy(deps: RouteDeps, req: IncomingMessage): Promise<Offered | string> {
  const { authorization } = req.headers;
  if (authorization !== undefined) return { token: authorization };
  const body = await jsonBody(req, deps.limits.signInBodyBytesMax);
  if (typeof body !== 'object' || body === null) return wanted;
  const members: [string, unknown][] = Object.entries(body);
  const unknown = members.find(([name]) => !offers.includes(name));
  if (unknown !== undefined) return `${pathOf([unknown[0]])}: is not known; ${wanted}`;
  const [[name, value] = [], ...others] = members;
  if (others.length > 0) return wanted;
  if (name === 'passkey') {
    return typeof value === 'object' && value !== null ? { passkey: value } : wanted;
  }
  if (typeof value !== 'string' || value === '') return wanted;
  if (name === 'invitation') return { invitation: value };
  return name === 'token' ? { token: value } : { code: value };
}
