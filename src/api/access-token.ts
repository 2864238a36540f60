/** Converts AccessToken messages to plain JSON, with times in RFC 3339. */

import type { JsonObject } from '@bufbuild/protobuf';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Kind, kindOf } from '../client/kind.ts';
import type { AccessToken as Message } from '../gen/usher/v1/access_token_pb.ts';
import { Kind as KindCode, State as StateCode } from '../gen/usher/v1/access_token_pb.ts';
import type { LimitUse, Quota, RateLimit } from './use-limits.ts';
import { limitUseOf, quotaOf, rateLimitOf } from './use-limits.ts';

export type { JsonObject } from '@bufbuild/protobuf';
export type { Kind } from '../client/kind.ts';

/** The state of an access token at the time of the answer. */
export type State = 'active' | 'expired' | 'revoked';

/** An access token, see AccessToken in access_token.proto. Unset fields are absent. */
export interface AccessToken {
  /** UUID; for jwt the `kid`. */
  id: string;
  kind: Kind;
  /** At the time of the answer. */
  state: State;
  /** For people; 1 to 128 characters. */
  name: string;
  owner?: string;
  /** The granted scopes, as scope-tokens (RFC 6749 section 3.3). */
  scopes: string[];
  /** For static: the scopes that it may give to others; absent for its own. */
  grantableScopes?: string[];
  /** Returned with every verdict. */
  metadata?: JsonObject;
  /** For jwt: the audiences that its JWTs may have; absent for any. */
  audiences?: string[];
  /** For jwt: the longest lifetime of its JWTs. */
  jwtLifetimeMaxSeconds?: number;
  /** The addresses from which its tokens may be used: CIDR ranges and addresses; absent for any. */
  allowedSources?: string[];
  /** How often its tokens may be used within a time; absent for no limit. */
  rateLimit?: RateLimit;
  /** Only in the answer about this access token alone, as is the next. */
  rateLimitUse?: LimitUse;
  /** How often they may be used in a day or month; absent for no limit. */
  quota?: Quota;
  quotaUse?: LimitUse;
  createTime?: string;
  updateTime?: string;
  expireTime?: string;
  revokeTime?: string;
  revokeReason?: string;
  /** When the current secret was issued. */
  rotateTime?: string;
  /** When the grace of the previous secret ends; absent when it has ended. */
  previousSecretExpireTime?: string;
  lastUsedTime?: string;
  /** For static: the address from which it was last used, where it is known. */
  lastUsedAddress?: string;
  /** Who created it: "admin", the UUID of an access token, or `person:` and an id. */
  createdBy?: string;
  /** What it is called now. */
  createdByName?: string;
  /** Who changed it last. */
  changedBy?: string;
  changedByName?: string;
  /** JWTs issued before this time are revoked. */
  jwtsRevokedBeforeTime?: string;
  /** The number of individually revoked JWTs and subjects. */
  revokedJwts?: number;
  /** The form in which it was imported: "plain", "sha256" or "sha512"; absent if it was not. */
  imported?: string;
  /** Increases by one with every change. */
  revision: number;
}

/** The enum value of each kind. */
export const kindCodes = { static: KindCode.STATIC, jwt: KindCode.JWT } as const;

/** The enum value of each state. */
export const stateCodes = {
  active: StateCode.ACTIVE,
  expired: StateCode.EXPIRED,
  revoked: StateCode.REVOKED,
} as const;

/** Converts a message; throws if the answer contained none. */
export function accessToken(message: Message | undefined): AccessToken {
  if (message === undefined) throw new Error('the answer contains no access token');
  const token: Record<string, unknown> = {
    id: message.id,
    kind: kindOf(message.kind),
    state: stateOf(message.state),
    name: message.name,
    owner: message.owner || undefined,
    scopes: message.scopes,
    grantableScopes: message.grantableScopes.length > 0 ? message.grantableScopes : undefined,
    metadata: message.metadata,
    audiences: message.audiences.length > 0 ? message.audiences : undefined,
    jwtLifetimeMaxSeconds: secondsOf(message.jwtLifetimeMax),
    allowedSources: message.allowedSources.length > 0 ? message.allowedSources : undefined,
    rateLimit: message.rateLimit && rateLimitOf(message.rateLimit),
    rateLimitUse: message.rateLimitUse && limitUseOf(message.rateLimitUse),
    quota: message.quota && quotaOf(message.quota),
    quotaUse: message.quotaUse && limitUseOf(message.quotaUse),
    createTime: timeOf(message.createTime),
    updateTime: timeOf(message.updateTime),
    expireTime: timeOf(message.expireTime),
    revokeTime: timeOf(message.revokeTime),
    revokeReason: message.revokeReason || undefined,
    rotateTime: timeOf(message.rotateTime),
    previousSecretExpireTime: timeOf(message.previousSecretExpireTime),
    lastUsedTime: timeOf(message.lastUsedTime),
    lastUsedAddress: message.lastUsedAddress || undefined,
    createdBy: message.createdBy || undefined,
    createdByName: message.createdByName || undefined,
    changedBy: message.changedBy || undefined,
    changedByName: message.changedByName || undefined,
    jwtsRevokedBeforeTime: timeOf(message.jwtsRevokedBeforeTime),
    revokedJwts: message.revokedJwts || undefined,
    imported: message.imported || undefined,
    revision: Number(message.revision),
  };
  const set = Object.entries(token).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as unknown as AccessToken;
}

/** Converts a Timestamp to RFC 3339. */
function timeOf(time: Timestamp | undefined): string | undefined {
  return time && timestampDate(time).toISOString();
}

function stateOf(code: StateCode): State {
  if (code === StateCode.REVOKED) return 'revoked';
  return code === StateCode.EXPIRED ? 'expired' : 'active';
}

function secondsOf(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds);
}
