/** Converts store records to the messages of AccessTokenService. */

import { create } from '@bufbuild/protobuf';
import type {
  AccessToken,
  GetUsageResponse,
  ImportAccessTokensResponse_Result,
} from '../../gen/usher/v1/access_token_pb.ts';
import {
  AccessTokenSchema,
  GetUsageResponse_DaySchema,
  GetUsageResponse_RefusalsSchema,
  GetUsageResponseSchema,
  ImportAccessTokensResponse_ResultSchema,
  ImportOutcome,
  Kind,
  LimitUseSchema,
  State,
} from '../../gen/usher/v1/access_token_pb.ts';
import type { TotalUse } from '../../limiting/total-use.ts';
import type { AccessTokenRecord } from '../../store/record.ts';
import type { Usage } from '../../store/store.ts';
import type { ImportResult } from '../../tokens/import.ts';
import { stateOf } from '../../tokens/state.ts';
import type { UsageReport } from '../../tokens/usage.ts';
import { durationOfMs, timestampOf } from '../rpc/time.ts';
import { quotaMessage, rateLimitMessage } from './use-limits.ts';

const states = {
  active: State.ACTIVE,
  expired: State.EXPIRED,
  revoked: State.REVOKED,
} as const;

/** A record as an AccessToken message; without usage, last_used_time is absent. */
export function accessTokenMessage(
  record: AccessTokenRecord,
  usage: Usage | undefined,
  nowMs: number,
): AccessToken {
  const { revokedJwts, expiresAt, revokedAt, jwtLifetimeMaxSeconds, metadata } = record;
  const [current] = record.secrets;
  const previousUntil = previousSecretUntil(record, nowMs);
  const message = create(AccessTokenSchema, {
    id: record.id,
    kind: record.kind === 'static' ? Kind.STATIC : Kind.JWT,
    state: states[stateOf(record, nowMs)],
    name: record.name,
    owner: record.owner ?? '',
    scopes: record.scopes,
    grantableScopes: record.grantableScopes ?? [],
    audiences: record.audiences ?? [],
    allowedSources: record.allowedSources ?? [],
    createTime: timestampOf(record.createdAt),
    updateTime: timestampOf(record.updatedAt),
    revokeReason: record.revokeReason ?? '',
    revision: BigInt(record.revision),
    revokedJwts:
      Object.keys(revokedJwts?.ids ?? {}).length + Object.keys(revokedJwts?.subjects ?? {}).length,
    imported: record.imported ?? '',
    createdBy: record.createdBy ?? '',
    changedBy: record.changedBy ?? record.createdBy ?? '',
    lastUsedAddress: usage?.lastUsedFrom ?? '',
  });
  if (metadata) message.metadata = metadata;
  if (record.rateLimit) message.rateLimit = rateLimitMessage(record.rateLimit);
  if (record.quota) message.quota = quotaMessage(record.quota);
  if (jwtLifetimeMaxSeconds !== undefined) {
    message.jwtLifetimeMax = durationOfMs(jwtLifetimeMaxSeconds * 1000);
  }
  if (expiresAt !== undefined) message.expireTime = timestampOf(expiresAt);
  if (revokedAt !== undefined) message.revokeTime = timestampOf(revokedAt);
  if (current) message.rotateTime = timestampOf(current.createdAt);
  if (previousUntil !== undefined) message.previousSecretExpireTime = timestampOf(previousUntil);
  if (usage?.lastUsedAt !== undefined) message.lastUsedTime = timestampOf(usage.lastUsedAt);
  if (revokedJwts?.issuedBefore !== undefined) {
    message.jwtsRevokedBeforeTime = timestampOf(revokedJwts.issuedBefore);
  }
  return message;
}

/** Adds the names of those who created and changed access tokens. */
export function addActorNames(
  messages: readonly AccessToken[],
  names: ReadonlyMap<string, string>,
): void {
  for (const message of messages) {
    message.createdByName = names.get(message.createdBy) ?? '';
    message.changedByName = names.get(message.changedBy) ?? '';
  }
}

/** Adds what is used of its limits to the message of an access token. */
export function addLimitUses(message: AccessToken, uses: readonly TotalUse[]): void {
  for (const { limit, used, remaining, resetAt, subjects } of uses) {
    const use = create(LimitUseSchema, {
      used: BigInt(used),
      remaining: BigInt(remaining),
      subjects: BigInt(subjects),
    });
    if (resetAt !== undefined) use.resetTime = timestampOf(resetAt);
    if (limit === 'quota') message.quotaUse = use;
    else message.rateLimitUse = use;
  }
}

/** When the previous secrets' grace ends, in milliseconds since 1970; undefined if it has ended. */
function previousSecretUntil({ secrets }: AccessTokenRecord, nowMs: number): number | undefined {
  const running = secrets.slice(1).flatMap(({ goodUntil }) => goodUntil ?? []);
  const until = Math.max(...running);
  return until > nowMs ? until : undefined;
}

const outcomes = {
  imported: ImportOutcome.IMPORTED,
  existing: ImportOutcome.EXISTING,
  refused: ImportOutcome.REFUSED,
} as const;

/** The outcome of one item of an import as a message. */
export function importResultMessage({
  outcome,
  id,
  problem,
}: ImportResult): ImportAccessTokensResponse_Result {
  return create(ImportAccessTokensResponse_ResultSchema, {
    outcome: outcomes[outcome],
    id,
    problem,
  });
}

const daysShown = 30;
const dayMs = 86_400_000;

/** Uses and refusals in each of the last 30 UTC days, today last. */
export function usageMessage({ usage, refusals }: UsageReport, nowMs: number): GetUsageResponse {
  const message = create(GetUsageResponseSchema, { lastUsedAddress: usage.lastUsedFrom ?? '' });
  const dates: string[] = [];
  for (let back = daysShown - 1; back >= 0; back--) {
    dates.push(new Date(nowMs - back * dayMs).toISOString().slice(0, 10));
  }
  for (const date of dates) {
    const refused = refusals.reduce((sum, [, { days }]) => sum + (days[date] ?? 0), 0);
    const counts = { count: BigInt(usage.days[date] ?? 0), refused: BigInt(refused) };
    message.days.push(create(GetUsageResponse_DaySchema, { date, ...counts }));
  }
  for (const [reason, { days, lastUsedAt }] of refusals) {
    const count = dates.reduce((sum, date) => sum + BigInt(days[date] ?? 0), 0n);
    if (count === 0n) continue;
    const of = create(GetUsageResponse_RefusalsSchema, { reason, count });
    if (lastUsedAt !== undefined) of.lastTime = timestampOf(lastUsedAt);
    message.refusals.push(of);
  }
  message.refusals.sort((a, b) => Number(b.count - a.count));
  if (usage.lastUsedAt !== undefined) message.lastUsedTime = timestampOf(usage.lastUsedAt);
  return message;
}
