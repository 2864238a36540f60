/** A verdict as a service reads it: plain, frozen, and told apart by `valid`. */

import type { JsonObject } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { VerifyResponse } from '../gen/usher/v1/verifier_pb.ts';
import { Reason as ReasonCode } from '../gen/usher/v1/verifier_pb.ts';
import { type Kind, kindOf } from './kind.ts';

/** Why a token was refused. */
export type Reason = Exclude<keyof typeof ReasonCode, 'NONE'>;

/** Who holds a token whose hash or signature was right. */
export interface Identity {
  /** UUID of the access token; for jwt the `kid`. */
  readonly tokenId: string;
  readonly kind: Kind;
  /** "" when it has none. */
  readonly owner: string;
  /** The JWT's `sub`; "" for static tokens. */
  readonly subject: string;
  readonly scopes: readonly string[];
  /** When the token ends, in seconds since 1970; 0 for never. */
  readonly exp: number;
  /** All claims of the JWT; absent for static tokens. */
  readonly claims?: JsonObject;
  readonly metadata?: JsonObject;
  readonly revision: number;
}

/** The token is good for what was asked. */
export interface Granted {
  readonly valid: true;
  readonly identity: Identity;
  /** The server's store could not be asked; its operator allows that for a while. */
  readonly stale: boolean;
}

/** The token is refused. */
export interface Refused {
  readonly valid: false;
  readonly reason: Reason;
  /** The reason in words, for the caller. */
  readonly message: string;
  /** The HTTP status to answer with. */
  readonly httpStatus: number;
  /** Present when the hash or signature was right. */
  readonly identity?: Identity;
  readonly stale: boolean;
}

/** The verdict on a header. */
export type Verdict = Granted | Refused;

/** A verdict, and for how long it may be used again. */
export interface Answer {
  verdict: Verdict;
  /** Told by a watch: until time ends it, in milliseconds; absent when nothing does. */
  watchedTtlMs?: number;
  /** The server instance that gave it. */
  instance: string;
}

/** Reads it from the wire. All of it is frozen: those who ask share it. */
export function answerOf(response: VerifyResponse, instance: string): Answer {
  return {
    verdict: freeze(verdictOf(response)),
    ...(response.watchedTtl && { watchedTtlMs: durationMs(response.watchedTtl) }),
    instance,
  };
}

/** What the server would say of a header that it needs not be asked about. */
export function malformed(): Verdict {
  const message = 'authorization header is malformed';
  const reason = 'MALFORMED_CREDENTIALS';
  return freeze({ valid: false, reason, message, httpStatus: 401, stale: false });
}

const reasonNames = new Map<number, Reason>(
  Object.entries(ReasonCode).map(([name, code]) => [code as number, name as Reason]),
);

function verdictOf(response: VerifyResponse): Verdict {
  const { valid, message, httpStatus, stale } = response;
  const identity = response.tokenId === '' ? undefined : identityOf(response);
  if (valid && identity !== undefined) return { valid: true, identity, stale };
  return {
    valid: false,
    // One that a newer server has is a refusal all the same.
    reason: (response.reason && reasonNames.get(response.reason)) || 'INVALID_TOKEN',
    message,
    httpStatus: httpStatus >= 400 && httpStatus <= 599 ? httpStatus : 401,
    ...(identity && { identity }),
    stale,
  };
}

function identityOf(response: VerifyResponse): Identity {
  return {
    tokenId: response.tokenId,
    kind: kindOf(response.kind),
    owner: response.owner,
    subject: response.subject,
    scopes: response.scopes,
    exp: Number(response.exp),
    ...(response.claims && { claims: response.claims }),
    ...(response.metadata && { metadata: response.metadata }),
    revision: Number(response.revision),
  };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
