/** The verdict for a gateway that asks over HTTP, whichever gateway it is. */

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import { Unavailable } from '../../store/store.ts';
import type { Denied, Granted, Verdict } from '../../verify/verdict.ts';
import { reasons } from '../../verify/verdict.ts';
import { answerError } from '../http/answer.ts';
import type { Door, DoorVerify } from '../rpc/call.ts';
import { unavailableText } from '../rpc/failure.ts';
import type { Asked, Requirements } from './requirements.ts';
import { challengeOf } from './www-authenticate.ts';

/** What the gateways' doors over HTTP need. */
export interface GatewayDoorDeps {
  verify: DoorVerify;
}

/** How one door differs from another. */
export interface GatewayDoor {
  door: Door;
  /** The status that a refusal is sent with, where the gateway makes something else of the true one. */
  statusOf(http: number): number;
}

/** Answers a request that may not pass, and gives the identity of one that may. */
export function verifyForGateway(
  req: IncomingMessage,
  res: ServerResponse,
  { verify }: GatewayDoorDeps,
  gateway: GatewayDoor,
  requirements: Requirements | string,
): Awaitable<Granted | undefined> {
  if (typeof requirements === 'string') {
    refuseMisconfigured(res, requirements);
    return undefined;
  }
  const settle = (verdict: Verdict): Granted | undefined => {
    if (verdict.valid) return verdict;
    refuse(res, verdict, gateway, requirements.requiredScopes);
    return undefined;
  };
  const fail = (error: unknown): undefined => {
    if (!(error instanceof Unavailable)) throw error;
    answerError(res, 503, unavailableText, { ...told(503, unavailableText), 'Retry-After': 1 });
  };
  try {
    // Several are joined by a comma, which no credential holds.
    const question = { header: req.headers.authorization ?? '', ...requirements };
    return mapAwaitable(verify(question, gateway.door), settle, fail);
  } catch (error) {
    return fail(error);
  }
}

/**
 * What is asked by headers, for gateways whose address cannot say it; undefined for nothing. A client
 * that sends them asks more of itself.
 */
export function askedByHeaders({ headers }: IncomingMessage): Asked | undefined {
  const audience = headers['x-usher-audience'];
  const scopes = headers['x-usher-required-scopes'];
  if (audience === undefined && scopes === undefined) return undefined;
  return { audiences: valuesOf(audience), scopes: valuesOf(scopes) };
}

/** All values of a header; Node joins several by a comma and a space. */
function valuesOf(header: string | string[] | undefined): string[] {
  return header === undefined ? [] : String(header).split(', ');
}

function refuse(
  res: ServerResponse,
  { reason }: Denied,
  gateway: GatewayDoor,
  scopes: readonly string[],
) {
  const { http, text } = reasons[reason];
  const challenge = challengeOf(reason, scopes);
  const challenged = challenge === undefined ? {} : { 'WWW-Authenticate': challenge };
  answerError(res, gateway.statusOf(http), text, { ...told(http, text), ...challenged });
}

/** A 403 and not a 500, which some gateways let pass where they are told to let errors pass. */
function refuseMisconfigured(res: ServerResponse, fault: string): void {
  const text = `the gateway's configuration is wrong: ${fault}`;
  answerError(res, 403, text, told(403, text));
}

/** The true status and text, for gateways that drop one or the other: both can stand in a JSON string. */
function told(status: number, text: string): OutgoingHttpHeaders {
  return { 'X-Usher-Status': status, 'X-Usher-Error': JSON.stringify(text).slice(1, -1) };
}
