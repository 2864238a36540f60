/** What RFC 7662 and RFC 7009 have in common: authentication, the form and error responses. */

import { trimBlanks } from '../../caching/canonical-header.ts';
import { nearest } from '../../reading/nearest.ts';
import { Unavailable } from '../../store/store.ts';
import { type Authenticate, adminScope, type Caller } from '../../tokens/caller.ts';
import { TokenError } from '../../tokens/errors.ts';
import type { Sums } from '../../tokens/sums.ts';
import type { Refusal } from '../../verify/verdict.ts';
import { answerJson, retryAfterOf } from '../http/answer.ts';
import { type Form, readForm } from '../http/form.ts';
import { heldBody } from '../http/held-body.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { Route } from '../http/router.ts';
import { bearerChallenge, bearerRealm, challengeOf } from '../http/www-authenticate.ts';
import { authorizationIn } from '../rpc/authorization.ts';
import { unavailableText } from '../rpc/failure.ts';
import type { Guard } from '../rpc/guard.ts';

/** What both endpoints need. */
export interface OauthDeps {
  authenticate: Authenticate;
  /** Counts refused calls for the audit log. */
  sums: Pick<Sums, 'refused'>;
  /** The client's address, for the audit log. */
  addressOf(req: HttpRequest): string;
  limits: Pick<HttpLimits, 'formBytesMax'>;
  /** Of the listener. */
  guard: Pick<Guard, 'requests' | 'requestRefused'>;
}

/** An error by the names of RFC 6749 section 5.2. */
export interface OauthError {
  /** The HTTP status. */
  status: 400 | 401 | 403 | 429 | 503;
  /** An error code of RFC 6749, 6750 or 7009. */
  error: string;
  /** The error_description; contains no token. */
  description: string;
  /** The WWW-Authenticate headers of a 401 or 403. */
  challenges?: readonly string[];
  /** When to call again, in milliseconds from now. */
  retryAfterMs?: number;
  /** The source of the caller guesses: nothing is looked up for it. */
  isSlowed?: true;
}

/** What an endpoint does. */
export interface OauthEndpoint {
  path: string;
  /** The scope that callers need; usher.admin will do, too. */
  scope: string;
  /** Answers for a token that a caller with the scope posted. */
  handle(token: string, form: Form, caller: Caller): Promise<object | OauthError>;
  /**
   * Answers a caller whose credential is the posted token itself, whatever its scopes; undefined to go on
   * as for other callers. Absent where holders have no rights of their own.
   */
  handleHolder?(own: OwnToken): Promise<object | OauthError | undefined>;
}

/** A token that is its own caller's credential. */
interface OwnToken {
  token: string;
  /** The client id of a caller that authenticated by Basic. */
  clientId: string | undefined;
  /** The client's address. */
  peer: string;
}

/** The route of an endpoint. */
export function oauthRoute(endpoint: OauthEndpoint, deps: OauthDeps): Route {
  const { path, scope, handle, handleHolder } = endpoint;
  const { authenticate, addressOf, limits, sums, guard } = deps;
  const answer = async (req: HttpRequest): Promise<object | OauthError> => {
    const peer = addressOf(req);
    const offered = offeredIn(req);
    const found = await callerOf(offered, scope, authenticate, peer);
    const refuse = async (error: OauthError) => {
      const actor = 'actor' in found ? found.actor : '';
      await sums.refused({ actor, peer, detail: `POST ${path}: ${error.error}` });
      return error;
    };
    const caller = withScope(found, scope);
    if ('error' in caller && (handleHolder === undefined || caller.isSlowed)) {
      return await refuse(caller);
    }
    const form = await readForm(req, limits.formBytesMax);
    const token = typeof form === 'string' ? '' : (form.get('token') ?? '');
    if (token !== '' && token === offered.token) {
      const result = await handleHolder?.({ token, clientId: offered.id, peer });
      if (result !== undefined) return result;
    }
    if ('error' in caller) return await refuse(caller);
    if (typeof form === 'string') return invalidRequest(form);
    const misspelt = misspeltIn(form);
    if (misspelt !== undefined) return invalidRequest(misspelt);
    if (token === '') return invalidRequest('the parameter token is missing');
    const result = await handle(token, form, caller);
    return 'error' in result && isRefusal(result) ? await refuse(result) : result;
  };
  const route: Route = {
    path,
    methods: ['POST'],
    async handle(req, res) {
      send(req, res, await answer(req).catch(orUnavailable));
    },
  };
  return heldBody(route, limits.formBytesMax, guard);
}

/** The caller if it has the scope, or the error. */
function withScope(found: Caller | OauthError, scope: string): Caller | OauthError {
  if ('error' in found) return found;
  const isHeld = [scope, adminScope].some(held => found.scopes.includes(held));
  return isHeld ? found : lacksScope(scope);
}

/**
 * The parameters of RFC 7662 and RFC 7009 that ask for something; Usher adds `scope` and, for
 * introspection, `source`.
 */
const parameters = ['token', 'token_type_hint', 'scope', 'source'];

/**
 * What is wrong with a parameter that is nearly one of these. OAuth ignores parameters that it does not
 * know (RFC 6749 section 3.2, RFC 7662 section 2.1, RFC 7009 section 2.1), so all others are ignored.
 */
function misspeltIn(form: Form): string | undefined {
  for (const name of form.keys()) {
    if (parameters.includes(name) || ofOtherRequests.test(name)) continue;
    const meant = nearest(name, parameters);
    if (meant === undefined) continue;
    // RFC 6749 section 5.2 allows few characters in a description.
    const named = /^[\w.-]+$/.test(name) ? `the parameter ${name}` : 'a parameter';
    return `${named} is not known; did you mean ${meant}?`;
  }
  return undefined;
}

/** Parameters of other requests in IANA's registry of OAuth parameters whose names are near, too. */
const ofOtherRequests =
  /^(?:code|resource|token_type|(?:access|actor|id|refresh|requested|subject)_token(?:_hint|_type)?)$/;

function isRefusal(answer: object): answer is OauthError {
  return 'status' in answer && [401, 403, 429].includes(answer.status as number);
}

/** The credential that a request offers, by Bearer or Basic. */
interface Offered {
  /** The Authorization header. */
  header: string;
  /** The client id of Basic. */
  id: string | undefined;
  /** The token alone. */
  token: string;
}

function offeredIn(req: HttpRequest): Offered {
  const header = authorizationIn(req.headers);
  const basic = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(header)?.[1];
  if (basic === undefined) {
    return { header, id: undefined, token: trimBlanks(header.replace(/^bearer[ \t]/i, '')) };
  }
  const [id, token] = readBasic(basic);
  return { header, id, token };
}

async function callerOf(
  { header, id, token }: Offered,
  scope: string,
  authenticate: Authenticate,
  address: string,
): Promise<Caller | OauthError> {
  const bearer = id === undefined ? header : `Bearer ${token}`;
  const caller = await authenticate(bearer, address).catch(asSlowed);
  if ('error' in caller) return caller;
  if ('reason' in caller) {
    // The same answer for every valid token that may not call here.
    if (caller.reason === 'INSUFFICIENT_SCOPE') return lacksScope(scope);
    return caller.reason === 'RATE_LIMITED' ? overLimit(caller) : invalidClient(caller, header);
  }
  if (id !== undefined && id.toLowerCase() !== caller.actor) {
    return invalidClient({ reason: 'INVALID_TOKEN' }, header);
  }
  return caller;
}

/** Reads client id and secret, each form-encoded before joining (RFC 6749 section 2.3.1). */
function readBasic(base64: string): [id: string, token: string] {
  const bytes = Buffer.from(base64, 'base64');
  // Node skips what is no base64 (RFC 4648 section 4). Some clients leave out the padding.
  if (bytes.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) return ['', ''];
  const text = bytes.toString('latin1');
  const colon = text.indexOf(':');
  if (colon === -1) return ['', ''];
  const [id, token] = [text.slice(0, colon), text.slice(colon + 1)];
  try {
    // "+" is left as it is: no token contains a space, and many clients do not encode.
    return [decodeURIComponent(id), decodeURIComponent(token)];
  } catch {
    return [id, token];
  }
}

/** The error for an invalid form. */
export function invalidRequest(description: string): OauthError {
  return { status: 400, error: 'invalid_request', description };
}

/**
 * The error for a caller that is not known. RFC 6749 section 5.2: a challenge by the scheme that it
 * used; it may use both.
 */
function invalidClient(refusal: Refusal, header: string): OauthError {
  const bearer = challengeOf({ ...refusal, header }) ?? bearerRealm;
  return {
    status: 401,
    error: 'invalid_client',
    description: 'give the id and the token of a static access token',
    challenges: ['Basic realm="usher"', isBasic.test(header) ? bearerRealm : bearer],
  };
}

/** The error for a caller whose own token is over its limit. */
function overLimit({ retryAfterMs = 0 }: Refusal): OauthError {
  const description = "the caller's token is over its limit";
  return { status: 429, error: 'temporarily_unavailable', description, retryAfterMs };
}

const isBasic = /^basic(?: |$)/i;

function lacksScope(scope: string): OauthError {
  const description = `the caller needs a static access token with the scope ${scope}`;
  return {
    status: 403,
    error: 'insufficient_scope',
    description,
    challenges: [bearerChallenge('insufficient_scope', description, [scope])],
  };
}

/** The error for a source that guesses. */
function asSlowed(error: unknown): OauthError {
  if (!(error instanceof TokenError && error.retryAfterMs !== undefined)) throw error;
  const { message: description, retryAfterMs } = error;
  const answer = { status: 429, error: 'temporarily_unavailable', description } as const;
  return { ...answer, retryAfterMs, isSlowed: true };
}

function orUnavailable(error: unknown): OauthError {
  if (!(error instanceof Unavailable)) throw error;
  return { status: 503, error: 'temporarily_unavailable', description: unavailableText };
}

function send(req: HttpRequest, res: HttpResponse, answer: object | OauthError): void {
  if (!('error' in answer)) {
    answerJson(res, 200, answer);
    return;
  }
  const { status, error, description, challenges } = answer;
  const headers = {
    ...(challenges === undefined ? {} : { 'WWW-Authenticate': [...challenges] }),
    ...(status === 503 ? { 'Retry-After': 1 } : retryAfterOf(answer)),
    // The rest of an unread form is not awaited.
    ...(req.complete ? {} : { Connection: 'close' }),
  };
  answerJson(res, status, { error, error_description: description }, headers);
}
