/** The routes of the sign-in by an OpenID provider: its begin, and the address to which it leads back. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Begun,
  type Provider,
  ProviderError,
  type ProviderProblem,
} from '../people/provider.ts';
import type { LetInByProvider } from '../people/provider-sign-in.ts';
import { personActor } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { type Attempt, slowedText } from '../tokens/guesses.ts';
import type { ManagerDeps } from './deps.ts';
import type { Confirmed, Handoffs } from './handoff.ts';
import { cameOverTls } from './over-tls.ts';
import { madeByOtherSite } from './same-origin.ts';
import { createSealedCookies } from './sealed-cookie.ts';

/** Where a sign-in by the provider begins. */
export const beginPath = '/sign-in/provider';
/** Where the provider leads the browser back. */
export const callbackPath = '/sign-in/callback';

/** The sign-in by a provider. */
export interface ProviderSignIn {
  provider: Provider;
  letIn: LetInByProvider;
  /** What the page calls the provider. */
  name: string;
  /** The address of the API Manager, as the provider knows it: scheme, host and port. */
  origin: string;
  /** Called with each failure that is not the person's own. */
  onProblem(problem: ProviderProblem, message: string): void;
}

/** Answers a request for these paths; false for another one. Throws Unavailable. */
export type ProviderRoutes = (
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
) => Promise<boolean>;

interface RouteDeps
  extends Pick<ManagerDeps, 'sessionKeys' | 'now' | 'peerOf' | 'refused' | 'beginAttempt'> {
  handoffs: Handoffs;
  signIn: ProviderSignIn | undefined;
}

/** Why a sign-in came to nothing, as the page explains it. */
export type SignInProblem = ProviderProblem | 'role' | 'disabled' | 'expired' | 'slowed';

/** Time to sign in at the provider. */
const lifetimeMs = 600_000;

/** Creates the handler of these routes. */
export function createProviderRoutes(deps: RouteDeps): ProviderRoutes {
  const { signIn, now, peerOf } = deps;
  if (signIn === undefined) return async () => false;
  const { provider, letIn, onProblem, origin } = signIn;
  const begun = createSealedCookies<Begun>(
    // Lax: the provider leads the browser back.
    { name: 'usher-sign-in', lifetimeMs, sameSite: 'Lax' },
    deps.sessionKeys,
    now,
  );

  const fail = async (
    req: IncomingMessage,
    res: ServerResponse,
    problem: SignInProblem,
    more: { actor?: string; cookie?: string } = {},
  ) => {
    const [path = ''] = (req.url ?? '').split('?');
    const detail = `GET ${path}: ${texts[problem]}`;
    await deps.refused({ actor: more.actor ?? '', peer: peerOf(req), detail });
    redirect(res, `/sign-in?problem=${problem}`, more.cookie);
  };
  const asProblem = (error: unknown): ProviderProblem => {
    if (!(error instanceof ProviderError)) throw error;
    if (error.problem !== 'declined') onProblem(error.problem, error.message);
    return error.problem;
  };

  /** What the provider says of an answer; one who makes answers up is slowed as one who guesses. */
  const answered = async <T>(peer: string, ask: () => Promise<T>) => {
    let attempt: Attempt;
    try {
      attempt = deps.beginAttempt(peer);
    } catch (error) {
      if (error instanceof TokenError) return 'slowed' as const;
      throw error;
    }
    let isWrong = false;
    try {
      const found = await ask().catch(asProblem);
      isWrong = found === 'code' || found === 'answer' || found === 'state';
      return found;
    } finally {
      attempt.end(isWrong);
    }
  };

  async function begin(req: IncomingMessage, res: ServerResponse) {
    // Another site's page must not sign its visitors in.
    if (madeByOtherSite(req.headers) && req.headers['sec-fetch-site'] !== 'none') {
      return redirect(res, '/sign-in');
    }
    // The provider leads back to this address, and the cookie must be there.
    const isThere = req.headers.host?.toLowerCase() === new URL(origin).host;
    // Once: a proxy may send another host than the browser has asked.
    if (!isThere && !req.url?.endsWith(sentOn)) {
      return redirect(res, `${origin}${beginPath}${sentOn}`);
    }
    const found = await provider.begin().catch(asProblem);
    if (typeof found === 'string') return await fail(req, res, found);
    const cookie = begun.write(found.begun, cameOverTls(req), suffixOf(found.begun.state));
    redirect(res, found.url, cookie);
  }

  async function finish(req: IncomingMessage, res: ServerResponse) {
    const parameters = new URL(req.url ?? '', 'http://localhost').searchParams;
    const suffix = suffixOf(parameters.get('state') ?? '');
    const isSecure = cameOverTls(req);
    const sent = begun.read(req.headers.cookie, suffix);
    if (sent === undefined) return await fail(req, res, 'expired');
    const cookie = begun.clear(isSecure, suffix);
    const signedIn = await answered(peerOf(req), () => provider.finish(parameters, sent));
    if (typeof signedIn === 'string') return await fail(req, res, signedIn, { cookie });
    const found = await letIn(signedIn, peerOf(req));
    if ('problem' in found) {
      return await fail(req, res, found.problem, { actor: found.actor, cookie });
    }
    const actor = personActor(found.person.id);
    const { idToken } = signedIn;
    const confirmed: Confirmed = { actor, how: 'provider', at: now(), idToken };
    const { code, cookie: handoff } = deps.handoffs.begin(confirmed, isSecure);
    redirect(res, `/login#${code}`, cookie, handoff);
  }

  return async (path, req, res) => {
    if (path !== beginPath && path !== callbackPath) return false;
    if (req.method !== 'GET') res.writeHead(405, { allow: 'GET' }).end();
    else if (path === beginPath) await begin(req, res);
    else await finish(req, res);
    return true;
  };
}

/** Ends the address of a sign-in that was sent on to the address of the API Manager. */
const sentOn = '?sent-on';

/** Several tabs can sign in at a time: the cookie of each has a part of its state in its name. */
function suffixOf(state: string): string {
  return /^[\w-]{16,}$/.test(state) ? state.slice(0, 12) : 'none';
}

function redirect(res: ServerResponse, location: string, ...cookies: (string | undefined)[]): void {
  const set = cookies.filter(cookie => cookie !== undefined);
  res.writeHead(303, {
    location,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    ...(set.length > 0 && { 'set-cookie': set }),
  });
  res.end();
}

/** For the audit log. */
const texts: Record<SignInProblem, string> = {
  unreachable: 'the provider cannot be reached',
  declined: 'the sign-in was declined',
  state: 'the answer is not for the sign-in that was begun',
  code: 'the code was used before or is too old',
  clock: 'the clocks of the provider and of this server differ',
  setup: 'the provider is set up differently',
  answer: "the provider's answer does not hold",
  role: 'no rule of USHER_OIDC_ROLES gives them a role',
  disabled: 'they are disabled',
  expired: 'it was not begun in this browser, or is too old',
  slowed: slowedText,
};
