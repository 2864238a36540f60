/** Rate limits and quotas as plain JSON, and as messages. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, durationMs, timestampDate } from '@bufbuild/protobuf/wkt';
import {
  LimitPer as LimitPerCode,
  type LimitUse as LimitUseMessage,
  Period,
  type Quota as QuotaMessage,
  type QuotaSchema,
  type RateLimit as RateLimitMessage,
  type RateLimitSchema,
} from '../gen/usher/v1/access_token_pb.ts';

/** What counts together: all uses of the access token, or those of each subject of its JWTs. */
export type LimitPer = 'token' | 'subject';

/** How often a token may be used within any stretch of time of one length. */
export interface RateLimit {
  requests: number;
  /** 1 to 86,400. */
  windowSeconds: number;
  per: LimitPer;
}

/** How often it may be used in a day or month of UTC. */
export interface Quota {
  requests: number;
  period: 'day' | 'month';
  per: LimitPer;
}

/** How much of a limit is used. */
export interface LimitUse {
  /** Per subject: of the subject that used most. */
  used: number;
  /** Of the same subject. */
  remaining: number;
  /** When the uses stop counting (RFC 3339); absent when nothing is used. */
  resetTime?: string;
  /** Per subject: how many subjects count now. */
  subjects?: number;
}

const perCodes = { token: LimitPerCode.TOKEN, subject: LimitPerCode.SUBJECT } as const;
const periodCodes = { day: Period.DAY, month: Period.MONTH } as const;

/** A rate limit as a message. */
export function rateLimitOnWire(limit: RateLimit): MessageInitShape<typeof RateLimitSchema> {
  return {
    requests: BigInt(limit.requests),
    window: durationFromMs(limit.windowSeconds * 1000),
    per: perCodes[limit.per],
  };
}

/** A quota as a message. */
export function quotaOnWire(quota: Quota): MessageInitShape<typeof QuotaSchema> {
  const { requests, period, per } = quota;
  return { requests: BigInt(requests), period: periodCodes[period], per: perCodes[per] };
}

/** The rate limit in a message. */
export function rateLimitOf({ requests, window, per }: RateLimitMessage): RateLimit {
  const windowSeconds = window === undefined ? 0 : durationMs(window) / 1000;
  return { requests: Number(requests), windowSeconds, per: perOf(per) };
}

/** The quota in a message. */
export function quotaOf({ requests, period, per }: QuotaMessage): Quota {
  const name = period === Period.MONTH ? 'month' : 'day';
  return { requests: Number(requests), period: name, per: perOf(per) };
}

/** The use of a limit in a message. */
export function limitUseOf({ used, remaining, resetTime, subjects }: LimitUseMessage): LimitUse {
  return {
    ...{ used: Number(used), remaining: Number(remaining) },
    ...(resetTime && { resetTime: timestampDate(resetTime).toISOString() }),
    ...(subjects > 0n && { subjects: Number(subjects) }),
  };
}

function perOf(per: LimitPerCode): LimitPer {
  return per === LimitPerCode.SUBJECT ? 'subject' : 'token';
}
