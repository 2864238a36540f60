/** The verdict and its table: every door maps from this one. */

import type { JsonObject, Kind } from '../store/record.ts';

/** How a reason is told over HTTP, over gRPC (Hello and refused callers), and in words. */
export interface ReasonEntry {
  http: 401 | 403 | 500;
  grpc: 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'INTERNAL';
  text: string;
}

/** Every reason to refuse, in the order in which the checks are made. */
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
  NOT_YET_VALID: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token is not valid yet' },
  EXPIRED: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token has expired' },
  REVOKED: { http: 401, grpc: 'UNAUTHENTICATED', text: 'token has been revoked' },
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
} as const satisfies Record<string, ReasonEntry>;

/** Why a token was refused. */
export type Reason = keyof typeof reasons;

/** What is known of a token whose hash or signature was right. */
export interface Identity {
  /** UUID of the access token; for jwt the `kid`. */
  tokenId: string;
  kind: Kind;
  /** "" when it has none. */
  owner: string;
  /** The JWT's `sub`, or "". */
  subject: string;
  scopes: readonly string[];
  /** When the token ends, in seconds since 1970; 0 for never. */
  exp: number;
  /** All claims of the JWT; absent for static tokens. */
  claims?: JsonObject;
  metadata?: JsonObject;
  revision: number;
}

/** The token is good for what was asked. */
export interface Granted {
  valid: true;
  identity: Identity;
  /** How long a caller may reuse this verdict, in milliseconds. */
  cacheTtlMs: number;
  /** The same for a caller that is told of changes, in milliseconds; absent when time ends nothing. */
  watchedTtlMs?: number;
  /** It rests on a record that could not be read again. */
  stale: boolean;
}

/** The token is refused. */
export interface Denied {
  valid: false;
  reason: Reason;
  /** Present when the hash or signature was right. */
  identity?: Identity;
  /** As for a good one; 0 where time alone can make the token good. */
  watchedTtlMs?: number;
  stale: boolean;
}

/** The answer. "I cannot know" is not among them: it is thrown as Unavailable. */
export type Verdict = Granted | Denied;
