/** The API Manager's browser part: the web app, sign-in, and the data of the status page. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { queryFault } from '../reading/query.ts';
import { Unavailable } from '../store/store.ts';
import type { Caller } from '../tokens/caller.ts';
import type { ManagerDeps, SignedIn } from './deps.ts';
import { createHandoffs } from './handoff.ts';
import { createInvitedRoutes } from './invited-routes.ts';
import { createProviderRoutes } from './provider-routes.ts';
import { createProviderSignOut } from './provider-sign-out.ts';
import { sendJson } from './reply.ts';
import { madeByOtherSite, madeByOwnPage } from './same-origin.ts';
import { createSessions } from './session.ts';
import { keysIn } from './session-keys.ts';
import { createSessionRoutes } from './session-routes.ts';
import { serveWebApp } from './web-app.ts';

/** The HTTP handler of the browser part, and the check of sessions for rpcs. */
export interface Manager {
  /**
   * Answers a request and resolves to true; false if the method is not its own. It answers every
   * GET, so other handlers must come first.
   */
  handle(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  /**
   * The caller of an rpc by its session cookie and page secret; undefined without a valid session,
   * and for a request that another site's page made. Throws Unavailable.
   */
  callerOf(headers: IncomingHttpHeaders, peer: string): Promise<Caller | undefined>;
}

/** Creates the API Manager's browser part. */
export function createManager(deps: ManagerDeps): Manager {
  const sessions = createSessions({ ...deps, keys: deps.sessionKeys });
  const handoffs = createHandoffs(deps.sessionKeys, deps.now);
  const { peerOf } = deps;
  const webApp = serveWebApp(deps.webFolder);

  async function signedIn(
    headers: IncomingHttpHeaders,
    peer: string,
  ): Promise<SignedIn | undefined> {
    const session = await sessions.read(keysIn(headers));
    if (!session) return undefined;
    const caller = await deps.currentCaller(session.actor, peer, session.signedInAt);
    return caller && { session, caller };
  }

  const invited = createInvitedRoutes({ ...deps, signedIn });
  const sessionRoutes = createSessionRoutes({
    ...{ ...deps, sessions, handoffs, signedIn, invited },
    atProvider: createProviderSignOut(deps),
  });
  const providerRoutes = createProviderRoutes({ ...deps, handoffs, signIn: deps.providerSignIn });

  /** While the store is down, the sealed session and its page secret are enough: the status page must show the outage. */
  async function signedInOrDown(req: IncomingMessage): Promise<boolean> {
    try {
      return (await signedIn(req.headers, peerOf(req))) !== undefined;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return sessions.unseal(keysIn(req.headers)) !== undefined;
    }
  }

  async function status(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const known = !madeByOtherSite(req.headers) && (await signedInOrDown(req));
    if (!known) {
      await deps.refused({ actor: '', peer: peerOf(req), detail: 'GET /status: not signed in' });
      return sendJson(res, 401, { error: 'sign in first' });
    }
    sendJson(res, 200, await deps.status());
  }

  return {
    async handle(req, res) {
      const [path = '/'] = (req.url ?? '/').split('?');
      const isStatus = path === '/status' && req.method === 'GET' && wantsJson(req);
      const unknown =
        isStatus || path === '/session' || path === waysPath
          ? queryFault(req.url ?? '', [])
          : undefined;
      try {
        if (unknown !== undefined) sendJson(res, 400, { error: unknown });
        else if (isStatus) await status(req, res);
        else if (path === waysPath) sendJson(res, 200, { ...waysOf(deps), ...invited.ways() });
        else if (await sessionRoutes(path, req, res)) return true;
        else if (await invited.handle(path, req, res)) return true;
        else if (!(await providerRoutes(path, req, res))) return webApp(req, res);
      } catch (error) {
        if (error instanceof Unavailable) {
          sendJson(res, 503, { error: 'the store cannot be reached' });
        } else {
          deps.onError?.(error);
          sendJson(res, 500, { error: 'internal error' });
        }
      }
      return true;
    },
    async callerOf(headers, peer) {
      if (!madeByOwnPage(headers)) return undefined;
      const found = await signedIn(headers, peer);
      return found && { ...found.caller, sessionId: found.session.id };
    },
  };
}

/** Where the page learns how people can sign in. */
const waysPath = '/sign-in/ways';

function waysOf({ providerSignIn }: ManagerDeps) {
  return { ...(providerSignIn && { provider: providerSignIn.name }) };
}

// The status page and its data share a path: a browser that opens the page asks for HTML.
function wantsJson(req: IncomingMessage): boolean {
  return !(req.headers.accept ?? '').includes('text/html');
}
