/** An access token as people and scripts read it: plain JSON, times in RFC 3339. */

import type { JsonObject } from '@bufbuild/protobuf';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Kind, kindOf } from '../client/kind.ts';
import type { AccessToken as Message } from '../gen/usher/v1/access_token_pb.ts';
import { Kind as KindCode, State as StateCode } from '../gen/usher/v1/access_token_pb.ts';

export type { JsonObject } from '@bufbuild/protobuf';
export type { Kind } from '../client/kind.ts';

/** Whether it is good now. */
export type State = 'active' | 'expired' | 'revoked';

/** An access token. What is not set is absent. */
export interface AccessToken {
  id: string;
  kind: Kind;
  state: State;
  name: string;
  owner?: string;
  scopes: string[];
  metadata?: JsonObject;
  audiences?: string[];
  jwtLifetimeMaxSeconds?: number;
  createTime?: string;
  updateTime?: string;
  expireTime?: string;
  revokeTime?: string;
  revokeReason?: string;
  rotateTime?: string;
  previousSecretExpireTime?: string;
  lastUsedTime?: string;
  jwtsRevokedBeforeTime?: string;
  revokedJwts?: number;
  imported?: string;
  revision: number;
}

/** The numbers of the kinds on the wire. */
export const kindCodes = { static: KindCode.STATIC, jwt: KindCode.JWT } as const;

/** The numbers of the states on the wire. */
export const stateCodes = {
  active: StateCode.ACTIVE,
  expired: StateCode.EXPIRED,
  revoked: StateCode.REVOKED,
} as const;

/** Reads an access token from the wire. */
export function accessToken(message: Message | undefined): AccessToken {
  if (message === undefined) throw new Error('the answer holds no access token');
  const token: Record<string, unknown> = {
    id: message.id,
    kind: kindOf(message.kind),
    state: stateOf(message.state),
    name: message.name,
    owner: message.owner || undefined,
    scopes: message.scopes,
    metadata: message.metadata,
    audiences: message.audiences.length > 0 ? message.audiences : undefined,
    jwtLifetimeMaxSeconds: secondsOf(message.jwtLifetimeMax),
    createTime: timeOf(message.createTime),
    updateTime: timeOf(message.updateTime),
    expireTime: timeOf(message.expireTime),
    revokeTime: timeOf(message.revokeTime),
    revokeReason: message.revokeReason || undefined,
    rotateTime: timeOf(message.rotateTime),
    previousSecretExpireTime: timeOf(message.previousSecretExpireTime),
    lastUsedTime: timeOf(message.lastUsedTime),
    jwtsRevokedBeforeTime: timeOf(message.jwtsRevokedBeforeTime),
    revokedJwts: message.revokedJwts || undefined,
    imported: message.imported || undefined,
    revision: Number(message.revision),
  };
  const set = Object.entries(token).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as unknown as AccessToken;
}

/** Reads a time from the wire. */
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
