/**
 * Calls the API for access tokens, with plain values instead of messages. All functions throw
 * AdminError. A change repeated under the same `requestId` has no further effect.
 */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { RevokeJwtsRequestSchema } from '../gen/usher/v1/access_token_pb.ts';
import { AccessTokenSchema } from '../gen/usher/v1/access_token_pb.ts';
import type { AccessToken, JsonObject, Kind } from './access-token.ts';
import { accessToken, kindCodes } from './access-token.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';
import type { Quota, RateLimit } from './use-limits.ts';
import { quotaOnWire, rateLimitOnWire } from './use-limits.ts';

/** The fields that the caller chooses; on an update, undefined ones stay unchanged. */
export interface TokenFields {
  name?: string | undefined;
  owner?: string | undefined;
  scopes?: string[] | undefined;
  /** For static: the scopes that it may give to others; empty for its own. */
  grantableScopes?: string[] | undefined;
  metadata?: JsonObject | undefined;
  audiences?: string[] | undefined;
  /** Longest lifetime of JWTs, in seconds; 0 on an update removes it. */
  jwtLifetimeMaxSeconds?: number | undefined;
  /** When it expires; 'never' on an update removes it. */
  expireTime?: Date | 'never' | undefined;
  /** CIDR ranges and addresses; empty for any. */
  allowedSources?: string[] | undefined;
  /** 'none' on an update removes it. */
  rateLimit?: RateLimit | 'none' | undefined;
  /** 'none' on an update removes it. */
  quota?: Quota | 'none' | undefined;
}

/** A new or rotated access token with its token or secret, which is returned only once. */
export interface Revealed {
  /** The access token after the change. */
  accessToken: AccessToken;
  /** The token, for kind static. */
  token?: string;
  /** The signing secret, for kind jwt. */
  secret?: string;
}

/** Which JWTs to revoke: one, those of a subject, or all issued before a time. */
export type JwtTarget = { jti: string } | { subject: string } | { issuedBefore: Date };

/** Creates an access token. */
export async function createToken(
  { tokens }: Admin,
  kind: Kind,
  fields: TokenFields,
  requestId: string,
): Promise<Revealed> {
  return revealed(
    await call(() => tokens.create({ kind: kindCodes[kind], ...onWire(fields), requestId })),
  );
}

/** Reads an access token. */
export async function getToken({ tokens }: Admin, id: string): Promise<AccessToken> {
  return accessToken((await call(() => tokens.get({ id }))).accessToken);
}

/** Changes the given fields; fails with Aborted if `revision` is given and not the current one. */
export async function updateToken(
  admin: Admin,
  id: string,
  fields: TokenFields,
  revision: number | undefined,
  requestId: string,
): Promise<AccessToken> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const paths = given.map(([name]) => maskNames[name as keyof TokenFields]);
  const at = revision ?? (await getToken(admin, id)).revision;
  const message = create(AccessTokenSchema, { id, revision: BigInt(at), ...onWire(fields) });
  const request = { accessToken: message, updateMask: { paths }, requestId };
  return accessToken((await call(() => admin.tokens.update(request))).accessToken);
}

/** Issues a new token or secret; the previous one stays valid for `graceSeconds`. */
export async function rotateToken(
  { tokens }: Admin,
  id: string,
  graceSeconds: number,
  requestId: string,
): Promise<Revealed> {
  return revealed(await call(() => tokens.rotate({ id, grace: seconds(graceSeconds), requestId })));
}

/** Ends the grace of the previous token or secret. */
export async function endGrace(
  { tokens }: Admin,
  id: string,
  requestId: string,
): Promise<AccessToken> {
  return accessToken((await call(() => tokens.endGrace({ id, requestId }))).accessToken);
}

/** Revokes an access token permanently. */
export async function revokeToken(
  { tokens }: Admin,
  id: string,
  reason: string,
  requestId: string,
): Promise<AccessToken> {
  return accessToken((await call(() => tokens.revoke({ id, reason, requestId }))).accessToken);
}

/** Revokes JWTs of an access token. */
export async function revokeJwts(
  { tokens }: Admin,
  id: string,
  target: JwtTarget,
  reason: string,
  requestId: string,
): Promise<AccessToken> {
  const request = { id, target: targetOnWire(target), reason, requestId };
  return accessToken((await call(() => tokens.revokeJwts(request))).accessToken);
}

const maskNames: Record<keyof TokenFields, string> = {
  name: 'name',
  owner: 'owner',
  scopes: 'scopes',
  grantableScopes: 'grantable_scopes',
  metadata: 'metadata',
  audiences: 'audiences',
  jwtLifetimeMaxSeconds: 'jwt_lifetime_max',
  expireTime: 'expire_time',
  allowedSources: 'allowed_sources',
  rateLimit: 'rate_limit',
  quota: 'quota',
};

function onWire(fields: TokenFields) {
  const { jwtLifetimeMaxSeconds, expireTime, rateLimit = 'none', quota = 'none' } = fields;
  return {
    name: fields.name ?? '',
    owner: fields.owner ?? '',
    scopes: fields.scopes ?? [],
    grantableScopes: fields.grantableScopes ?? [],
    audiences: fields.audiences ?? [],
    allowedSources: fields.allowedSources ?? [],
    ...(rateLimit !== 'none' && { rateLimit: rateLimitOnWire(rateLimit) }),
    ...(quota !== 'none' && { quota: quotaOnWire(quota) }),
    ...(fields.metadata && { metadata: fields.metadata }),
    ...(jwtLifetimeMaxSeconds && { jwtLifetimeMax: seconds(jwtLifetimeMaxSeconds) }),
    ...(expireTime instanceof Date && { expireTime: timestampFromDate(expireTime) }),
  };
}

type TargetOnWire = NonNullable<MessageInitShape<typeof RevokeJwtsRequestSchema>['target']>;

function targetOnWire(target: JwtTarget): TargetOnWire {
  if ('jti' in target) return { case: 'jti', value: target.jti };
  if ('subject' in target) return { case: 'subject', value: target.subject };
  return { case: 'issuedBefore', value: timestampFromDate(target.issuedBefore) };
}

function seconds(count: number) {
  return durationFromMs(count * 1000);
}

function revealed(answer: {
  accessToken?: Parameters<typeof accessToken>[0];
  token: string;
  secret: string;
}): Revealed {
  return {
    accessToken: accessToken(answer.accessToken),
    ...(answer.token && { token: answer.token }),
    ...(answer.secret && { secret: answer.secret }),
  };
}
