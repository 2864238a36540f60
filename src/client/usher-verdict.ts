/** The SDK's verdicts: plain frozen objects, a union discriminated by `valid`. */

import type { JsonObject } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { VerifyResponse } from '../gen/usher/v1/verifier_pb.ts';
import { Reason as ReasonCode } from '../gen/usher/v1/verifier_pb.ts';
import { type Kind, kindOf } from './kind.ts';

/** Why a token was refused, by the names of Reason in verifier.proto. */
export type Reason = Exclude<keyof typeof ReasonCode, 'NONE'>;

/** The holder of a token whose hash or signature matched. */
export interface Identity {
  /** UUID of the access token; for jwt the `kid`. */
  readonly tokenId: string;
  /** Whether it is a static token or a JWT. */
  readonly kind: Kind;
  /** The owner of the access token; "" if it has none. */
  readonly owner: string;
  /** The JWT's `sub`; "" for static tokens. */
  readonly subject: string;
  /** The scopes of the token. */
  readonly scopes: readonly string[];
  /** When the token expires, in seconds since 1970; 0 for never. */
  readonly exp: number;
  /** All claims of the JWT; absent for static tokens. */
  readonly claims?: JsonObject;
  /** The metadata of the access token. */
  readonly metadata?: JsonObject;
  /** The revision of the access token. */
  readonly revision: number;
}

/** The token is valid and meets the requirement. */
export interface Granted {
  readonly valid: true;
  /** The caller. */
  readonly identity: Identity;
  /** Whether the server used cached records because its store was down (USHER_STALE_MAX_MS). */
  readonly stale: boolean;
}

/** The token is refused. */
export interface Refused {
  readonly valid: false;
  /** The reason for programs. */
  readonly reason: Reason;
  /** The reason in words, for the caller. */
  readonly message: string;
  /** The HTTP status to answer with. */
  readonly httpStatus: number;
  /** RATE_LIMITED: how long to wait before the token can be used again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The holder; present if the hash or signature matched. */
  readonly identity?: Identity;
  /** Whether the server used cached records because its store was down. */
  readonly stale: boolean;
}

/** The verdict on a header. */
export type Verdict = Granted | Refused;

/** A verdict, and how long it may be cached. */
export interface Answer {
  verdict: Verdict;
  /** How long a watching client may cache it, in milliseconds; absent for no limit. */
  watchedTtlMs?: number;
  /** Whether the verdict holds only for the source of its question. */
  sourceDependent: boolean;
  /** UUID of the server instance that gave it. */
  instance: string;
}

/** Converts a response. The result is frozen, because callers share it. */
export function answerOf(response: VerifyResponse, instance: string): Answer {
  return {
    verdict: freeze(verdictOf(response)),
    ...(response.watchedTtl && { watchedTtlMs: durationMs(response.watchedTtl) }),
    sourceDependent: response.sourceDependent,
    instance,
  };
}

/** The verdict on a header that is malformed without asking the server. */
export function malformed(): Verdict {
  const message = 'authorization header is malformed';
  const reason = 'MALFORMED_CREDENTIALS';
  return freeze({ valid: false, reason, message, httpStatus: 401, stale: false });
}

const reasonNames = new Map<number, Reason>(
  Object.entries(ReasonCode).map(([name, code]) => [code as number, name as Reason]),
);

function verdictOf(response: VerifyResponse): Verdict {
  const { valid, message, httpStatus, stale, retryAfter } = response;
  const identity = response.tokenId === '' ? undefined : identityOf(response);
  if (valid && identity !== undefined) return { valid: true, identity, stale };
  return {
    valid: false,
    // A reason of a newer server is still a refusal.
    reason: (response.reason && reasonNames.get(response.reason)) || 'INVALID_TOKEN',
    message,
    httpStatus: httpStatus >= 400 && httpStatus <= 599 ? httpStatus : 401,
    ...(retryAfter && { retryAfterMs: durationMs(retryAfter) }),
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
