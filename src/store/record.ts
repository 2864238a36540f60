/** The record of an access token. Its stored form is in format/record.ts. */

/** Kind of an access token: a static API token, or a secret key and `kid` that sign HS256 JWTs. */
export type Kind = 'static' | 'jwt';

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** A hash by which another system may have stored its tokens. */
export type ImportedHash = 'sha256' | 'sha512';

/** One token or secret key of an access token, as the store holds it. */
export interface Secret {
  /** Id of the master key that `value` depends on. */
  masterKeyId: string;
  /** base64url of the token's keyed hash (static), or of the encrypted secret key (jwt). */
  value: string;
  /** Imported tokens only: `value` is the keyed hash of this hash of the token. */
  hashed?: ImportedHash;
  /** kind jwt: the encrypted text is the base64 of a key that is no UTF-8; absent for a text. */
  encoding?: 'base64';
  /** When it was created, in milliseconds since 1970. */
  createdAt: number;
  /**
   * End of its grace period after a rotation, in milliseconds since 1970; absent for the current
   * one.
   */
  goodUntil?: number;
}

/** The revoked JWTs of an access token that is itself not revoked. */
export interface RevokedJwts {
  /** All JWTs issued before this time are revoked, in milliseconds since 1970. */
  issuedBefore?: number;
  /**
   * The key of the hashes below, encrypted with a master key and bound to the UUID; absent where all were
   * written by versions that used none.
   */
  key?: Pick<Secret, 'masterKeyId' | 'value'>;
  /** Hash of a `jti` → time of the revocation, in milliseconds since 1970. */
  ids?: Record<string, number>;
  /** Hash of a `sub` → its JWTs issued before this time are revoked, in milliseconds since 1970. */
  subjects?: Record<string, number>;
}

/** How a token was imported: in plain text (and hashed here), or as a hash. */
export type Imported = 'plain' | ImportedHash;

/** What a limit counts together: all uses of the access token, or those of each JWT subject. */
export type LimitPer = 'token' | 'subject';

/** How often tokens may be verified as valid within any stretch of time of one length. */
export interface RateLimit {
  /** From 1. */
  requests: number;
  /** Whole seconds, from 1 to a day. */
  windowSeconds: number;
  /** `subject` only for kind jwt. */
  per: LimitPer;
}

/** How often tokens may be verified as valid in a calendar day or month of UTC. */
export interface Quota {
  /** From 1. */
  requests: number;
  period: 'day' | 'month';
  /** `subject` only for kind jwt. */
  per: LimitPer;
}

/** What restricts the uses of an access token; see AccessTokenRecord. */
export type Restrictions = Pick<AccessTokenRecord, 'allowedSources' | 'rateLimit' | 'quota'>;

/**
 * An access token's record. Times are milliseconds since 1970. Empty optional fields are absent.
 */
export interface AccessTokenRecord {
  /** UUID in lower case. Version 7 (RFC 9562), so ids sort by creation. */
  id: string;
  /** Starts at 1 and increases by one with every change. */
  revision: number;
  kind: Kind;
  /** Display name. */
  name: string;
  owner?: string;
  /** Whether it has belonged to another owner, or to none, since it was created; absent for no. */
  hadOtherOwner?: true;
  /** Scope tokens of RFC 6749 section 3.3. */
  scopes: string[];
  /** kind static: the scopes that it may give to others; absent for its own. */
  grantableScopes?: string[];
  /** Data for the services that verify the token. */
  metadata?: JsonObject;
  /** kind jwt: the audiences its JWTs may name; absent allows any. */
  audiences?: string[];
  /** kind jwt: the longest lifetime of its JWTs, in seconds; absent for no limit. */
  jwtLifetimeMaxSeconds?: number;
  /**
   * The addresses from which its tokens may be used: CIDR ranges in one spelling, as `192.0.2.0/24`,
   * and single addresses; absent for any.
   */
  allowedSources?: string[];
  /** Absent for no limit. */
  rateLimit?: RateLimit;
  /** Absent for no limit. */
  quota?: Quota;
  /** Those of these three that a caller without owners set; callers limited to owners may only tighten them. */
  ceiling?: Restrictions;
  createdAt: number;
  /** The actor that created it (see Caller); absent where an earlier version did. */
  createdBy?: string;
  updatedAt: number;
  /** The actor of the last change; absent for the one that created it, or when that is not known. */
  changedBy?: string;
  /** Absent for never. */
  expiresAt?: number;
  /** A revocation is final. */
  revokedAt?: number;
  revokeReason?: string;
  /** The current one first, then a previous one with its grace period. */
  secrets: Secret[];
  revokedJwts?: RevokedJwts;
  imported?: Imported;
  /** Id of the audit event of its last change, by which a store recognises a repeated write. */
  eventId: string;
}
