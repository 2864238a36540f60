/** The record of an access token. How the stores keep it: kept-record.ts. */

/** What an access token is: a static API token, or a secret key and kid that sign HS256 JWTs. */
export type Kind = 'static' | 'jwt';

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** A hash under which tokens of other systems are known. */
export type ImportedHash = 'sha256' | 'sha512';

/** One token or secret of an access token, at rest. */
export interface Secret {
  /** Id of the master key that `value` was made with. */
  masterKeyId: string;
  /** base64url: for static the keyed hash of the token, for jwt the sealed secret key. */
  value: string;
  /** Of an imported token: `value` is the keyed hash of this hash of it, not of the token itself. */
  hashed?: ImportedHash;
  /** When it was made, in milliseconds since 1970. */
  createdAt: number;
  /** End of its grace after a rotation, in milliseconds since 1970; absent for the current one. */
  goodUntil?: number;
}

/** JWTs of one access token that are revoked although the access token is good. */
export interface RevokedJwts {
  /** Those issued before this are revoked, in milliseconds since 1970. */
  issuedBefore?: number;
  /** Hash of a `jti` → when the revocation was made, in milliseconds since 1970. */
  ids?: Record<string, number>;
  /** Hash of a `sub` → those issued before this are revoked, in milliseconds since 1970. */
  subjects?: Record<string, number>;
}

/** How an imported token is known: by itself (hashed here), or only by a hash of it. */
export type Imported = 'plain' | ImportedHash;

/** An access token's record. Times are milliseconds since 1970. Empty optional fields are absent. */
export interface AccessTokenRecord {
  /** UUID, version 7, lower case: its order is the order of creation. */
  id: string;
  /** Increases by one with every change; starts at 1. */
  revision: number;
  kind: Kind;
  name: string;
  owner?: string;
  scopes: string[];
  metadata?: JsonObject;
  /** kind jwt: the audiences its JWTs may name; absent allows any. */
  audiences?: string[];
  /** kind jwt: the longest lifetime of its JWTs, in seconds. */
  jwtLifetimeMaxSeconds?: number;
  createdAt: number;
  updatedAt: number;
  expiresAt?: number;
  revokedAt?: number;
  revokeReason?: string;
  /** The current one first, then those still in their grace. */
  secrets: Secret[];
  revokedJwts?: RevokedJwts;
  imported?: Imported;
  /** Id of the audit event of its latest change, by which a repeated write is recognised. */
  eventId: string;
}
