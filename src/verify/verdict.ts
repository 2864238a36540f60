/** The verdict, and the table of reasons that every API takes its status codes and texts from. */

import type { LimitUse } from '../limiting/token-limits.ts';
import type { JsonObject, Kind } from '../store/record.ts';

export type { LimitUse } from '../limiting/token-limits.ts';

/** How a reason appears to callers. */
export interface ReasonEntry {
  /** HTTP status. */
  http: 401 | 403 | 429 | 500;
  /** gRPC status, of Hello and of refused callers. */
  grpc: 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'RESOURCE_EXHAUSTED' | 'INTERNAL';
  /** Message for people. */
  text: string;
}

/** Every reason to refuse, in the order of the checks. */
export const reasons = {
  MISSING_CREDENTIALS: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    text: 'authorization header is missing',
  },
  MALFORMED_CREDENTIALS: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    text: 'authorization header is malformed',
  },
  JWT_MISSING_KID: {
    http: 500,
    grpc: 'INTERNAL',
    text: "jwt token is missing 'kid' header parameter",
  },
  INVALID_TOKEN: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token is not valid' },
  JWT_MISSING_EXP: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    text: "jwt token is missing 'exp' claim",
  },
  MALFORMED_CLAIM: { http: 401, grpc: 'UNAUTHENTICATED', text: 'jwt token has malformed claims' },
  NOT_YET_VALID: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token is not valid yet' },
  EXPIRED: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token has expired' },
  REVOKED: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token has been revoked' },
  WRONG_SOURCE: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    text: 'token may not be used from this address',
  },
  WRONG_AUDIENCE: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    text: 'token is not meant for this audience',
  },
  INSUFFICIENT_SCOPE: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    text: 'token lacks a required scope',
  },
  RATE_LIMITED: { http: 429, grpc: 'RESOURCE_EXHAUSTED', text: 'token is over its limit' },
} as const satisfies Record<string, ReasonEntry>;

/** Why a token was refused. */
export type Reason = keyof typeof reasons;

/** The claims that Usher judges. Only these are named in a message: the signer chose any other name. */
export const judgedClaims = ['exp', 'nbf', 'iat', 'sub', 'jti', 'aud', 'scope'] as const;

/** The name of a claim that Usher judges. */
export type JudgedClaim = (typeof judgedClaims)[number];

/** A reason to refuse, with what its text names. */
export interface Refusal {
  reason: Reason;
  /** MALFORMED_CLAIM: the claim; absent when the claims as a whole cannot be read. */
  claim?: JudgedClaim;
  /** RATE_LIMITED: how long to wait before the token can be used again, in milliseconds. */
  retryAfterMs?: number;
}

/** The text of a refusal for people. */
export function textOf({ reason, claim }: Refusal): string {
  return claim === undefined ? reasons[reason].text : `jwt token has a malformed '${claim}' claim`;
}

/** The identity of a token whose hash or signature was correct. */
export interface Identity {
  /** UUID of the access token; for jwt the `kid`. */
  tokenId: string;
  kind: Kind;
  /** The access token's owner, or "". */
  owner: string;
  /** The JWT's `sub`, or "". */
  subject: string;
  /** The JWT's `jti`, or "". */
  jti: string;
  /** The access token's scopes; for a JWT, those that its `scope` claim narrows them to. */
  scopes: readonly string[];
  /** When the token expires, in seconds since 1970; 0 for never. */
  exp: number;
  /** All claims of the JWT, integers beyond 2^53 as text; absent for static tokens. */
  claims?: JsonObject;
  /** The access token's metadata; absent when empty. */
  metadata?: JsonObject;
  /** The access token's revision. */
  revision: number;
}

/** The token is valid for the request. */
export interface Granted {
  valid: true;
  identity: Identity;
  /** How long a caller may reuse this verdict, in milliseconds. */
  cacheTtlMs: number;
  /**
   * How long a caller that watches invalidations may reuse it, in milliseconds; absent: until
   * invalidated.
   */
  watchedTtlMs?: number;
  /** The store could not be reached, and the verdict is based on a cached record. */
  stale: boolean;
  /** Whether the verdict depends on where the token was used: it holds for no other source. */
  sourceDependent?: boolean;
  /** What is used of the token's limits when it is called; absent for a token without limits. */
  limitUses?: () => readonly LimitUse[];
}

/** The token is refused. */
export interface Denied extends Refusal {
  valid: false;
  /** Present when the hash or signature was correct. */
  identity?: Identity;
  /** As in Granted; 0 when the token can become valid by time alone. */
  watchedTtlMs?: number;
  /** As in Granted. */
  stale: boolean;
  /** As in Granted. */
  sourceDependent?: boolean;
  /** As in Granted; only with RATE_LIMITED. */
  limitUses?: () => readonly LimitUse[];
}

/** A verdict. When it cannot be determined, Unavailable is thrown instead. */
export type Verdict = Granted | Denied;
