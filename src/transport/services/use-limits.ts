/** Converts rate limits and quotas between messages and records. */

import { create } from '@bufbuild/protobuf';
import {
  LimitPer as LimitPerCode,
  Period,
  type Quota as QuotaMessage,
  QuotaSchema,
  type RateLimit as RateLimitMessage,
  RateLimitSchema,
} from '../../gen/usher/v1/access_token_pb.ts';
import type { LimitPer, Quota, RateLimit } from '../../store/record.ts';
import type { Faults } from '../../tokens/faults.ts';
import { invalid } from '../../tokens/fields.ts';
import { durationOfMs, safeInteger, wholeSeconds } from '../rpc/time.ts';

/**
 * A rate limit; `field` is its path in the request. A part that cannot be read is a fault, and has any
 * valid value here, so that the others can still be checked.
 */
export function rateLimitOf(
  { requests, window, per }: RateLimitMessage,
  field: string,
  faults: Faults,
): RateLimit {
  const windowSeconds = faults.read(() => {
    if (window === undefined) throw invalid(`${field}.window`, 'is required');
    return wholeSeconds(window, `${field}.window`);
  });
  return {
    requests: faults.read(() => safeInteger(requests, `${field}.requests`)) ?? 1,
    windowSeconds: windowSeconds ?? 1,
    per: faults.read(() => perOf(per, `${field}.per`)) ?? 'token',
  };
}

/** The same for a quota. */
export function quotaOf(
  { requests, period, per }: QuotaMessage,
  field: string,
  faults: Faults,
): Quota {
  return {
    requests: faults.read(() => safeInteger(requests, `${field}.requests`)) ?? 1,
    period: faults.read(() => periodOf(period, `${field}.period`)) ?? 'day',
    per: faults.read(() => perOf(per, `${field}.per`)) ?? 'token',
  };
}

/** A rate limit as a message. */
export function rateLimitMessage({ requests, windowSeconds, per }: RateLimit): RateLimitMessage {
  return create(RateLimitSchema, {
    requests: BigInt(requests),
    window: durationOfMs(windowSeconds * 1000),
    per: perCodes[per],
  });
}

/** A quota as a message. */
export function quotaMessage({ requests, period, per }: Quota): QuotaMessage {
  return create(QuotaSchema, {
    requests: BigInt(requests),
    period: period === 'day' ? Period.DAY : Period.MONTH,
    per: perCodes[per],
  });
}

const perCodes = { token: LimitPerCode.TOKEN, subject: LimitPerCode.SUBJECT };

function perOf(per: LimitPerCode, field: string): LimitPer {
  switch (per) {
    case LimitPerCode.UNSPECIFIED:
    case LimitPerCode.TOKEN:
      return 'token';
    case LimitPerCode.SUBJECT:
      return 'subject';
    default:
      throw invalid(field, 'is neither LIMIT_PER_TOKEN nor LIMIT_PER_SUBJECT');
  }
}

function periodOf(period: Period, field: string): Quota['period'] {
  switch (period) {
    case Period.UNSPECIFIED:
      throw invalid(field, 'is required: PERIOD_DAY or PERIOD_MONTH');
    case Period.DAY:
      return 'day';
    case Period.MONTH:
      return 'month';
    default:
      throw invalid(field, 'is neither PERIOD_DAY nor PERIOD_MONTH');
  }
}
