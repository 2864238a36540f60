/** Signs JWTs for jwt access tokens (RFC 7519, HS256). */

import type { JsonObject } from '../store/record.ts';
import type { Caller } from './caller.ts';

/** The JWT to sign. */
export interface JwtOrder {
  tokenId: string;
  subject: string;
  audience: string[];
  scopes: string[];
  claims: JsonObject;
  /** Either a lifetime from now or the `exp` claim itself, in seconds. */
  expiry: { lifetimeSeconds: number } | { exp: number };
}

/** A signed JWT. */
export interface IssuedJwt {
  jwt: string;
  jti: string;
  iat: number;
  exp: number;
}

/** Signs. Throws TokenError or Unavailable. */
export type IssueJwt = (caller: Caller, order: JwtOrder) => Promise<IssuedJwt>;
