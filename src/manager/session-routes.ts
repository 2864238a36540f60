/** Routes of sessions: `/session` (sign-in, sign-out, "who am I") and one-time links, `/login`. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { adminScope, type Caller, readScope } from '../tokens/caller.ts';
import { sessionCookie } from './cookie.ts';
import type { ManagerDeps, SignedIn } from './deps.ts';
import { privateHeaders, sendJson } from './reply.ts';
import { madeByOtherSite, madeByOwnPage } from './same-origin.ts';
import type { Session, Sessions } from './session.ts';

/** Answers a request for `/session` or `/login`; false for another path. Throws Unavailable. */
export type SessionRoutes = (
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
) => Promise<boolean>;

interface RouteDeps
  extends Pick<ManagerDeps, 'authenticate' | 'currentCaller' | 'redeemLoginCode'>,
    Pick<ManagerDeps, 'audit' | 'refused' | 'limits' | 'now'> {
  sessions: Sessions;
  signedIn(req: IncomingMessage, peer: string): Promise<SignedIn | undefined>;
  peerOf(req: IncomingMessage): string;
  isSecure(req: { headers: IncomingHttpHeaders; socket: unknown }): boolean;
}

/** Creates the handler of these routes. */
export function createSessionRoutes(deps: RouteDeps): SessionRoutes {
  return async (path, req, res) => {
    if (path === '/login' && req.method === 'GET') await logInByCode(deps, req, res);
    else if (path !== '/session') return false;
    else if (req.method === 'GET') await showSession(deps, req, res);
    else if (req.method === 'POST') await signIn(deps, req, res);
    else if (req.method === 'DELETE') await signOut(deps, req, res);
    else sendJson(res, 405, { error: 'method is not allowed' }, { allow: 'GET, POST, DELETE' });
    return true;
  };
}

/** `GET /login?code=…` uses up the code; the redirect removes it from the address bar. */
async function logInByCode(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  const code = new URL(req.url ?? '/', 'http://manager').searchParams.get('code') ?? '';
  const actor = await deps.redeemLoginCode(code);
  const peer = deps.peerOf(req);
  const caller = actor && (await deps.currentCaller(actor, peer, deps.now()));
  const opened = caller && maySignIn(caller) ? await openSession(deps, req, caller) : undefined;
  if (!opened) await refused(deps, req, 'the code is not valid', actor);
  res.writeHead(303, {
    ...privateHeaders,
    location: opened ? '/' : '/sign-in?link=spent',
    ...(opened && { 'set-cookie': opened.cookie }),
  });
  res.end();
}

async function signIn(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  // Otherwise another site's page could sign the visitor in to the attacker's session.
  if (madeByOtherSite(req.headers)) return await refuseOtherSite(deps, req, res);
  const header =
    req.headers.authorization ?? (await tokenInBody(req, deps.limits.signInBodyBytesMax));
  if (header === undefined) {
    return sendJson(res, 400, { error: 'send {"token":"…"} as application/json' });
  }
  const caller = await deps.authenticate(header, deps.peerOf(req));
  if (!caller) {
    await refused(deps, req, 'token is not valid');
    return sendJson(res, 401, { error: 'token is not valid' });
  }
  if (!maySignIn(caller)) {
    await refused(deps, req, 'the token lacks the scope', caller.actor);
    return sendJson(res, 403, { error: `token lacks scope ${adminScope} or ${readScope}` });
  }
  const { session, cookie } = await openSession(deps, req, caller);
  sendJson(res, 200, describe(deps, session, caller), { 'set-cookie': cookie });
}

async function showSession(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  if (madeByOtherSite(req.headers)) return await refuseOtherSite(deps, req, res);
  const found = await deps.signedIn(req, deps.peerOf(req));
  if (!found) return sendJson(res, 401, { error: 'not signed in' });
  const renewed = deps.sessions.renew(found.session);
  const cookie = renewed && cookieOf(deps, req, renewed);
  const body = describe(deps, renewed ?? found.session, found.caller);
  sendJson(res, 200, body, cookie === undefined ? {} : { 'set-cookie': cookie });
}

async function signOut(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  if (!madeByOwnPage(req.headers)) return await refuseOtherSite(deps, req, res);
  const found = await deps.signedIn(req, deps.peerOf(req));
  if (found) {
    await deps.sessions.end(found.session);
    await deps.audit('session.end', found.caller);
  }
  sendJson(res, 200, {}, { 'set-cookie': sessionCookie('', 0, deps.isSecure(req)) });
}

async function refuseOtherSite(deps: RouteDeps, req: IncomingMessage, res: ServerResponse) {
  await refused(deps, req, "the request is not one of the API Manager's page");
  sendJson(res, 403, { error: 'only a page of the API Manager may send this request' });
}

/** Counts the refused request for the audit log, by its path without the query, which can hold a code. */
function refused(deps: RouteDeps, req: IncomingMessage, why: string, actor = ''): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?');
  return deps.refused({ actor, peer: deps.peerOf(req), detail: `${req.method} ${path}: ${why}` });
}

async function openSession(deps: RouteDeps, req: IncomingMessage, caller: Caller) {
  const session = deps.sessions.open(caller.actor);
  await deps.audit('session.create', caller);
  return { session, cookie: cookieOf(deps, req, session) };
}

function cookieOf(deps: RouteDeps, req: IncomingMessage, session: Session): string {
  const seconds = Math.ceil((deps.sessions.endOf(session) - deps.now()) / 1000);
  return sessionCookie(deps.sessions.seal(session), seconds, deps.isSecure(req));
}

function describe(deps: RouteDeps, session: Session, caller: Caller) {
  return {
    actor: caller.actor,
    owner: caller.owner ?? '',
    scopes: caller.scopes.filter(scope => scope.startsWith('usher.')),
    expiresAt: deps.sessions.endOf(session),
  };
}

function maySignIn(caller: Caller): boolean {
  return caller.scopes.includes(adminScope) || caller.scopes.includes(readScope);
}

/** The token in a JSON body; undefined for any other body and for one that is too large. */
async function tokenInBody(req: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const [type = ''] = (req.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  try {
    const token: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))?.token;
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}
