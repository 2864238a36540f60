/** The routes of people who were invited: what a link is, and the ceremonies of passkeys. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Invitations } from '../people/invitations.ts';
import type { PasskeySignIn, Passkeys } from '../people/passkeys.ts';
import { callerOf } from '../people/person.ts';
import { ceremonyMs } from '../people/webauthn.ts';
import { pathOf } from '../reading/place.ts';
import { queryFault } from '../reading/query.ts';
import { personActor, personIn } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { invalid } from '../tokens/faults.ts';
import type { ManagerDeps, SignedIn } from './deps.ts';
import { jsonBody } from './json-body.ts';
import type { SignIn } from './open-session.ts';
import { cameOverTls } from './over-tls.ts';
import { sendJson } from './reply.ts';
import { madeByOtherSite, madeByOwnPage } from './same-origin.ts';
import { createSealedCookies } from './sealed-cookie.ts';

/** What the routes need of invitations and passkeys. */
export interface Invited {
  invitations: Pick<Invitations, 'look' | 'redeem'>;
  passkeys: Pick<
    Passkeys,
    'party' | 'beginRegistration' | 'register' | 'beginSignIn' | 'signIn' | 'list'
  >;
}

/** A sign-in, or the text that says why not. */
type InvitedSignIn = SignIn | string;

/** The routes, and the sign-ins that the route of sessions answers. */
export interface InvitedRoutes {
  /** Answers a request for these paths; false for another one. Throws Unavailable. */
  handle(path: string, req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  /** Uses up the code of an invitation. Throws Unavailable, and TokenError for a source that guesses. */
  byInvitation(req: IncomingMessage, code: string): Promise<InvitedSignIn>;
  /** Signs in with the answer of a passkey. Throws the same. */
  byPasskey(req: IncomingMessage, answer: object): Promise<InvitedSignIn>;
  /** What the sign-in page needs to know. */
  ways(): { passkeys: { origin: string } | { problem: string } };
}

/** What the handlers need. */
interface InvitedDeps
  extends Pick<ManagerDeps, 'sessionKeys' | 'now' | 'peerOf' | 'refused' | 'limits'>,
    Pick<ManagerDeps, 'beginAttempt' | 'invited'> {
  signedIn(headers: IncomingHttpHeaders, peer: string): Promise<SignedIn | undefined>;
}

/** What a browser was asked. */
interface Asked {
  challenge: string;
  /** Id of the session for which a passkey is made; absent for a sign-in. */
  session?: string;
  /** Whether the passkey is one that the person has, and shows before another one is made. */
  isConfirmation?: true;
}

/** Paths that only POST is for. */
const paths = ['/invitation', '/sign-in/passkey', '/passkeys/begin', '/passkeys/finish'] as const;
type Path = (typeof paths)[number];

/** Creates the handlers. */
export function createInvitedRoutes(deps: InvitedDeps): InvitedRoutes {
  const { invitations, passkeys } = deps.invited;
  const { now, peerOf, beginAttempt } = deps;
  const asked = createSealedCookies<Asked>(
    { name: 'usher-passkey', lifetimeMs: ceremonyMs, sameSite: 'Strict' },
    deps.sessionKeys,
    now,
  );
  const fail = async (
    req: IncomingMessage,
    res: ServerResponse,
    status: number,
    error: string,
    actor = '',
  ) => {
    const [path = ''] = (req.url ?? '').split('?');
    await deps.refused({ actor, peer: peerOf(req), detail: `POST ${path}: ${error}` });
    sendJson(res, status, { error });
  };
  /** The members of a JSON body. Throws INVALID_ARGUMENT for another body, and for unknown members. */
  const bodyOf = async (req: IncomingMessage, names: readonly string[]) => {
    const body = await jsonBody(req, deps.limits.signInBodyBytesMax);
    if (typeof body !== 'object' || body === null) throw invalid('body', 'must be a JSON object');
    const unknown = Object.keys(body).find(name => !names.includes(name));
    if (unknown !== undefined) throw invalid(pathOf([unknown]), 'is not known');
    return body as Record<string, unknown>;
  };

  const look = async (req: IncomingMessage, res: ServerResponse) => {
    const { code } = await bodyOf(req, ['code']);
    if (typeof code !== 'string' || code === '') throw invalid('code', 'is required');
    const attempt = beginAttempt(peerOf(req));
    const invitation = await invitations.look(code);
    attempt.end(invitation === undefined);
    if (invitation === undefined) return await fail(req, res, 404, spent);
    const { name, role, owners, createdByName, expiresAt, isForKnown } = invitation;
    sendJson(res, 200, { name, role, owners, by: createdByName, expiresAt, isForKnown });
  };

  const beginSignIn = async (req: IncomingMessage, res: ServerResponse) => {
    await bodyOf(req, []);
    const options = await passkeys.beginSignIn();
    const cookie = asked.write({ challenge: options.challenge }, cameOverTls(req));
    sendJson(res, 200, options, { 'set-cookie': cookie });
  };

  /** Whether someone must show a passkey first: a session that was taken over must not leave one. */
  const mustConfirm = async ({ session, caller }: SignedIn): Promise<boolean> => {
    const id = personIn(caller.actor);
    if (id === undefined || now() - session.signedInAt < deps.limits.freshSignInMs) return false;
    return (await passkeys.list(caller, id)).length > 0;
  };

  /** Why a passkey that was shown does not count; undefined for one that does. */
  const confirmationFault = async (req: IncomingMessage, found: SignedIn, given: object) => {
    const { challenge, session, isConfirmation } = asked.read(req.headers.cookie) ?? {};
    if (challenge === undefined || !isConfirmation || session !== found.session.id) return tooLate;
    const peer = peerOf(req);
    const attempt = beginAttempt(peer);
    const result: PasskeySignIn = await passkeys.signIn(given, challenge, peer);
    attempt.end('problem' in result && result.problem !== 'disabled');
    if ('problem' in result) return texts[result.problem];
    return personActor(result.person.id) === found.caller.actor ? undefined : texts.wrong;
  };

  const begin = async (req: IncomingMessage, res: ServerResponse, found: SignedIn) => {
    const { passkey } = await bodyOf(req, ['passkey']);
    if (passkey !== undefined && (typeof passkey !== 'object' || passkey === null)) {
      throw invalid('passkey', 'must be the answer of a passkey');
    }
    const { session, caller } = found;
    const ask = (question: Asked, body: object) =>
      sendJson(res, 200, body, { 'set-cookie': asked.write(question, cameOverTls(req)) });
    if (passkey === undefined && (await mustConfirm(found))) {
      const confirm = await passkeys.beginSignIn();
      const { challenge } = confirm;
      return ask({ challenge, session: session.id, isConfirmation: true }, { confirm });
    }
    if (passkey !== undefined) {
      const fault = await confirmationFault(req, found, passkey);
      if (fault !== undefined) return await fail(req, res, 403, fault, caller.actor);
    }
    const options = await passkeys.beginRegistration(caller);
    ask({ challenge: options.challenge, session: session.id }, options);
  };

  const finish = async (req: IncomingMessage, res: ServerResponse, found: SignedIn) => {
    const { name, response } = await bodyOf(req, ['name', 'response']);
    const { challenge, session, isConfirmation } = asked.read(req.headers.cookie) ?? {};
    if (challenge === undefined || isConfirmation || session !== found.session.id) {
      return await fail(req, res, 400, tooLate, found.caller.actor);
    }
    const text = typeof name === 'string' ? name : '';
    const { id, name: called } = await passkeys.register(found.caller, response, challenge, text);
    const cookie = asked.clear(cameOverTls(req));
    sendJson(res, 200, { id, name: called }, { 'set-cookie': cookie });
  };

  const answer = async (path: Path, req: IncomingMessage, res: ServerResponse) => {
    if (path === '/invitation' || path === '/sign-in/passkey') {
      if (madeByOtherSite(req.headers)) return await fail(req, res, 403, otherSite);
      return path === '/invitation' ? await look(req, res) : await beginSignIn(req, res);
    }
    if (!madeByOwnPage(req.headers)) return await fail(req, res, 403, otherSite);
    const found = await deps.signedIn(req.headers, peerOf(req));
    if (found === undefined) return await fail(req, res, 401, 'not signed in');
    if (path === '/passkeys/begin') await begin(req, res, found);
    else await finish(req, res, found);
  };

  return {
    async handle(path, req, res) {
      const known = paths.find(each => each === path);
      if (known === undefined) return false;
      if (req.method !== 'POST') {
        sendJson(res, 405, { error: 'method is not allowed' }, { allow: 'POST' });
        return true;
      }
      const unknown = queryFault(req.url ?? '', []);
      if (unknown !== undefined) {
        sendJson(res, 400, { error: unknown });
        return true;
      }
      try {
        await answer(known, req, res);
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        const isSlowed = error.code === 'RESOURCE_EXHAUSTED';
        await fail(req, res, isSlowed ? 429 : 400, error.message);
      }
      return true;
    },

    async byInvitation(req, code) {
      const peer = peerOf(req);
      const attempt = beginAttempt(peer);
      const person = await invitations.redeem(code, peer);
      attempt.end(person === undefined);
      if (person === undefined) return spent;
      return { caller: callerOf(person, peer), how: 'invitation', at: now() };
    },

    async byPasskey(req, given) {
      const peer = peerOf(req);
      const { challenge, session } = asked.read(req.headers.cookie) ?? {};
      if (challenge === undefined || session !== undefined) return tooLate;
      const attempt = beginAttempt(peer);
      const result: PasskeySignIn = await passkeys.signIn(given, challenge, peer);
      attempt.end('problem' in result && result.problem !== 'disabled');
      if ('problem' in result) return texts[result.problem];
      const caller = callerOf(result.person, peer);
      return { caller, how: 'passkey', at: now(), once: challenge };
    },

    ways() {
      const { party } = passkeys;
      return { passkeys: 'problem' in party ? party : { origin: party.origin } };
    },
  };
}

const otherSite = "the request is not one of the API Manager's page";
const spent = 'this invitation was used or revoked, or has expired';
const tooLate = 'the browser took too long, or began in another tab; try again';

const texts: Record<Extract<PasskeySignIn, { problem: string }>['problem'], string> = {
  unknown: 'this passkey is not known here: it may have been removed',
  wrong: 'the passkey was not accepted; try again',
  disabled: 'you may not sign in: an administrator has disabled you',
  clone:
    'the passkey was refused, since its count went back, as it does where it was copied; ask an ' +
    'administrator for a new link, and remove the passkey',
};
