/** The API Manager's browser part: web app, sign-in, and the status page's data. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Caller } from '../tokens/caller.ts';
import { readCookie } from './cookie.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { ManagerLimits } from './limits.ts';
import { sendJson } from './reply.ts';
import { madeByOtherSite, madeByOwnPage } from './same-origin.ts';
import { createSessions, type Session } from './session.ts';
import { createSessionRoutes } from './session-routes.ts';
import type { Status } from './status.ts';
import { serveWebApp } from './web-app.ts';

/** What the API Manager asks of the rest of the server. */
export interface ManagerDeps {
  /** 32 bytes, the same in every worker and replica; another one ends all sessions. */
  sessionKey: Uint8Array;
  now: () => number;
  limits: ManagerLimits;
  /** Who signed out; one per process, told of the others' by `announce` and `add`. */
  ended: EndedSessions;
  /** The folder of the built web app: `dist/manager`. */
  webFolder: string;
  /** The caller of an Authorization header; undefined when its token is refused. */
  authenticate(header: string, peer: string): Promise<Caller | undefined>;
  /**
   * The caller behind a session as the store knows it now; undefined when its access token is
   * revoked, expired or, by `signedInAt`, rotated with its grace over. Asked on each request.
   */
  currentCaller(actor: string, peer: string, signedInAt: number): Promise<Caller | undefined>;
  /** The actor of a one-time login code, which is then spent; see login-codes.ts. */
  redeemLoginCode(code: string): string | undefined | Promise<string | undefined>;
  /** Writes "session.create" and "session.end" to the audit log. */
  audit(action: 'session.create' | 'session.end', caller: Caller): Promise<void>;
  status(): Status | Promise<Status>;
  /** The address of a request's peer, behind trusted proxies; by default the socket's. */
  peerOf?(req: IncomingMessage): string;
  /** Whether the browser came by https, also when a trusted proxy ends TLS; by default the socket's. */
  isSecure?(req: { headers: IncomingHttpHeaders; socket: unknown }): boolean;
  /** Told of errors that were answered as 500 or 503; holds no secret. */
  onError?(error: unknown): void;
}

/** The API Manager's browser part. */
export interface Manager {
  /** Answers a request and says so; false for one that is not its own. Ask it last. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  /**
   * The caller by the session cookie of an rpc: undefined without a good session, and for a request
   * that another site's page made. Throws Unavailable.
   */
  callerOf(
    req: { headers: IncomingHttpHeaders; socket: unknown },
    peer: string,
  ): Promise<Caller | undefined>;
}

/** A session with its caller as known now. */
export interface SignedIn {
  session: Session;
  caller: Caller;
}

/** Puts the API Manager's browser part together. */
export function createManager(deps: ManagerDeps): Manager {
  const sessions = createSessions({ ...deps, key: deps.sessionKey });
  const peerOf = deps.peerOf ?? (req => req.socket.remoteAddress ?? '');
  const isSecure = deps.isSecure ?? (req => (req.socket as TLSSocket).encrypted === true);
  const webApp = serveWebApp(deps.webFolder);

  async function signedIn(
    req: { headers: IncomingHttpHeaders; socket: unknown },
    peer: string,
  ): Promise<SignedIn | undefined> {
    const session = sessions.read(readCookie(req.headers.cookie, isSecure(req)) ?? '');
    if (!session) return undefined;
    const caller = await deps.currentCaller(session.actor, peer, session.signedInAt);
    return caller && { session, caller };
  }

  const sessionRoutes = createSessionRoutes({ ...deps, sessions, signedIn, peerOf, isSecure });

  async function status(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const known = !madeByOtherSite(req.headers) && (await signedIn(req, peerOf(req)));
    if (!known) return sendJson(res, 401, { error: 'sign in first' });
    sendJson(res, 200, await deps.status());
  }

  return {
    async handle(req, res) {
      const [path = '/'] = (req.url ?? '/').split('?');
      try {
        if (path === '/status' && req.method === 'GET' && wantsJson(req)) await status(req, res);
        else if (!(await sessionRoutes(path, req, res))) return webApp(req, res);
      } catch (error) {
        deps.onError?.(error);
        const isDown = error instanceof Error && error.name === 'Unavailable';
        if (isDown) sendJson(res, 503, { error: 'the store cannot be reached' });
        else sendJson(res, 500, { error: 'internal error' });
      }
      return true;
    },
    async callerOf(req, peer) {
      if (!madeByOwnPage(req.headers)) return undefined;
      return (await signedIn(req, peer))?.caller;
    },
  };
}

// The status page of the web app has the same path as its data: a browser that opens it asks for HTML.
function wantsJson(req: IncomingMessage): boolean {
  return !(req.headers.accept ?? '').includes('text/html');
}
