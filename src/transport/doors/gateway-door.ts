/** Verifies the request of a gateway over HTTP; common to all gateways. */

import type { OutgoingHttpHeaders } from 'node:http';
import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import { Unavailable } from '../../store/store.ts';
import type { NotLetIn, VerifyCaller } from '../../tokens/verify-callers.ts';
import type { Denied, Granted, Verdict } from '../../verify/verdict.ts';
import { reasons, textOf } from '../../verify/verdict.ts';
import { answerError, retryAfterOf } from '../http/answer.ts';
import { clientNamesOf, type HttpRequest, type HttpResponse } from '../http/message.ts';
import { rateLimitFields } from '../http/rate-limit-fields.ts';
import { type Challenged, challengeOf } from '../http/www-authenticate.ts';
import type { Admit, CallSight } from '../rpc/admission.ts';
import { authorizationIn } from '../rpc/authorization.ts';
import type { Door, DoorVerify } from '../rpc/call.ts';
import { unavailableText } from '../rpc/failure.ts';
import type { Asked, Requirements } from './requirements.ts';

/** What the gateways' endpoints need. */
export interface GatewayDoorDeps {
  verify: DoorVerify;
  /** The address of the gateway's client; "" when no trusted proxy names it. */
  sourceOf(req: HttpRequest): string;
  /** Lets gateways ask. */
  admit: Admit;
}

/** The answer to clients of a gateway that may not ask; the reason is in the audit log. */
export const unknownGatewayText = 'this gateway is not known to Usher';

/** What differs between gateways. */
export interface GatewayDoor {
  /** The name in metrics. */
  door: Door;
  /** Its path, for the audit log. */
  path: string;
  /** Maps the verdict's HTTP status to one that the gateway treats as a refusal. */
  statusOf(http: number): number;
}

/** Verifies a request. Returns a valid verdict; any other result is answered here. */
export function verifyForGateway(
  req: HttpRequest,
  res: HttpResponse,
  { verify, admit, sourceOf }: GatewayDoorDeps,
  gateway: GatewayDoor,
  requirements: Requirements | string,
): Awaitable<Granted | undefined> {
  const ask = (caller: VerifyCaller | NotLetIn): Awaitable<Verdict | undefined> => {
    if ('code' in caller) return refuseAlways(res, unknownGatewayText);
    if (typeof requirements === 'string') {
      return refuseAlways(res, `the gateway's configuration is wrong: ${requirements}`);
    }
    return verify({ header, ...requirements, source: sourceOf(req) }, gateway.door, caller);
  };
  const header = authorizationIn(req.headers);
  const settle = (verdict: Verdict | undefined): Granted | undefined => {
    if (verdict === undefined || verdict.valid) return verdict;
    const scopes = typeof requirements === 'string' ? [] : requirements.requiredScopes;
    refuse(res, { ...verdict, header, scopes }, gateway);
    return undefined;
  };
  const fail = (error: unknown): undefined => {
    if (!(error instanceof Unavailable)) throw error;
    answerError(res, 503, unavailableText, { ...told(503, unavailableText), 'Retry-After': 1 });
  };
  try {
    const caller = admit(new RequestSight(req), gateway.path);
    return mapAwaitable(mapAwaitable(caller, ask), settle, fail);
  } catch (error) {
    return fail(error);
  }
}

/**
 * Requirements in headers, for gateways that cannot put them in the URL; undefined for none. They
 * need no protection: a client that sends them only adds requirements for itself.
 */
export function askedByHeaders({ headers }: HttpRequest): Asked | undefined {
  const audience = headers['x-usher-audience'];
  const scopes = headers['x-usher-required-scopes'];
  if (audience === undefined && scopes === undefined) return undefined;
  return { audiences: valuesOf(audience), scopes: valuesOf(scopes) };
}

/** All values of a header, which Node joins by a comma and a space. */
function valuesOf(header: string | string[] | undefined): string[] {
  return header === undefined ? [] : String(header).split(', ');
}

function refuse(res: HttpResponse, refusal: Challenged & Denied, gateway: GatewayDoor): void {
  const { http } = reasons[refusal.reason];
  const text = textOf(refusal);
  const challenge = challengeOf(refusal);
  const challenged = challenge === undefined ? {} : { 'WWW-Authenticate': challenge };
  const more = { ...challenged, ...retryAfterOf(refusal), ...rateLimitFields(refusal) };
  answerError(res, gateway.statusOf(http), text, { ...told(http, text), ...more });
}

/** Answers with 403, since gateways configured to fail open would let a 500 pass. */
function refuseAlways(res: HttpResponse, text: string): undefined {
  answerError(res, 403, text, told(403, text));
}

/** What of a gateway's own request tells which gateway it is. */
class RequestSight implements CallSight {
  readonly #req: HttpRequest;

  constructor(req: HttpRequest) {
    this.#req = req;
  }

  header(name: string): readonly string[] {
    const value = this.#req.headers[name];
    return value === undefined ? [] : [String(value)];
  }

  get clientNames(): readonly string[] {
    return clientNamesOf(this.#req);
  }

  get peer(): string {
    return this.#req.socket.remoteAddress ?? '';
  }
}

/**
 * The original status and the text as JSON string content, for gateways that drop either. Characters that
 * no header holds are escaped: a text can name what a client sent.
 */
function told(status: number, text: string): OutgoingHttpHeaders {
  const content = JSON.stringify(text).slice(1, -1);
  return { 'X-Usher-Status': status, 'X-Usher-Error': content.replace(/[^ -~]/g, escaped) };
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
