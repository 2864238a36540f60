/** The life of access tokens as the API Manager offers it. */

import type { AccessTokenRecord, JsonObject, Kind } from '../store/record.ts';
import type { Usage } from '../store/store.ts';
import type { Caller } from './caller.ts';

/** The fields of an access token that people choose. Times are milliseconds since 1970. */
export interface Fields {
  name: string;
  owner?: string | undefined;
  scopes: string[];
  metadata?: JsonObject | undefined;
  /** kind jwt only. */
  audiences?: string[] | undefined;
  /** kind jwt only; whole seconds. */
  jwtLifetimeMaxSeconds?: number | undefined;
  expiresAt?: number | undefined;
}

/** An access token just made or rotated: the record, and this once its token or secret. */
export interface Revealed {
  record: AccessTokenRecord;
  /** kind static: the token; kind jwt: the secret key. */
  secret: string;
}

/** Which JWTs of an access token to revoke. */
export type JwtTarget =
  | { jti: string }
  | { subject: string }
  /** Milliseconds since 1970. */
  | { issuedBefore: number };

/** Filter, order and place of a list. */
export interface ListQuery {
  pageSize: number;
  pageToken?: string | undefined;
  kind?: Kind | undefined;
  owner?: string | undefined;
  state?: 'active' | 'expired' | 'revoked' | undefined;
  text?: string | undefined;
  expiresWithinMs?: number | undefined;
  sort: 'newest' | 'oldest' | 'expiry';
}

/** A page of a list. */
export interface ListPage {
  records: AccessTokenRecord[];
  usage: Usage[];
  nextPageToken: string;
  total: number;
}

/** The API. Every method checks what the caller may do, and throws TokenError or Unavailable. */
export interface AccessTokens {
  create(caller: Caller, kind: Kind, fields: Fields, requestId?: string): Promise<Revealed>;
  get(caller: Caller, id: string): Promise<{ record: AccessTokenRecord; usage: Usage }>;
  list(caller: Caller, query: ListQuery): Promise<ListPage>;
  /** Changes the fields named in `mask`; `revision` is the one that they were read at. */
  update(
    caller: Caller,
    id: string,
    revision: number,
    fields: Partial<Fields>,
    mask: readonly (keyof Fields)[],
    requestId?: string,
  ): Promise<AccessTokenRecord>;
  /** `revision` 0 rotates at any. */
  rotate(
    caller: Caller,
    id: string,
    graceSeconds: number,
    revision: number,
    requestId?: string,
  ): Promise<Revealed>;
  revoke(
    caller: Caller,
    id: string,
    reason: string,
    requestId?: string,
  ): Promise<AccessTokenRecord>;
  revokeJwts(
    caller: Caller,
    id: string,
    target: JwtTarget,
    reason: string,
    requestId?: string,
  ): Promise<AccessTokenRecord>;
}

/** Whether an access token is good at a time, in milliseconds since 1970. */
export function stateOf(record: AccessTokenRecord, now: number): 'active' | 'expired' | 'revoked' {
  if (record.revokedAt !== undefined) return 'revoked';
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'active';
}
