/** Rate limit and quota in the form of an access token, and in words. */

import {
  type AccessToken,
  LimitPer,
  Period,
  type Quota,
  type RateLimit,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { sayDuration } from '../ui/duration-input.tsx';

/** The values as the user typed them. */
export interface LimitForm {
  /** Uses within the window; undefined for no rate limit. */
  rateRequests: number | undefined;
  /** Seconds. */
  rateWindow: number | undefined;
  /** A number of LimitPer, as text. */
  ratePer: string;
  /** Uses in the period; undefined for no quota. */
  quotaRequests: number | undefined;
  /** A number of Period, as text. */
  quotaPeriod: string;
  /** A number of LimitPer, as text. */
  quotaPer: string;
}

/** The values without limits. */
export const noLimits: LimitForm = {
  rateRequests: undefined,
  rateWindow: 60,
  ratePer: String(LimitPer.TOKEN),
  quotaRequests: undefined,
  quotaPeriod: String(Period.MONTH),
  quotaPer: String(LimitPer.TOKEN),
};

/** The values of an existing access token. */
export function limitsOf({ rateLimit, quota }: AccessToken): LimitForm {
  return {
    ...noLimits,
    ...(rateLimit && {
      rateRequests: Number(rateLimit.requests),
      rateWindow: Number(rateLimit.window?.seconds ?? 0n),
      ratePer: String(rateLimit.per),
    }),
    ...(quota && {
      quotaRequests: Number(quota.requests),
      quotaPeriod: String(quota.period),
      quotaPer: String(quota.per),
    }),
  };
}

const wholeNumber = 'Enter a whole number from 1 on, or nothing for no limit.';

/** The validation of each field. */
export const validateLimits = {
  rateRequests: (requests: number | undefined) => (isCount(requests) ? null : wholeNumber),
  rateWindow: (seconds: number | undefined, { rateRequests }: LimitForm) =>
    rateRequests === undefined || (seconds !== undefined && seconds >= 1 && seconds <= 86_400)
      ? null
      : 'Enter a time from 1 second to 1 day.',
  quotaRequests: (requests: number | undefined) => (isCount(requests) ? null : wholeNumber),
};

function isCount(requests: number | undefined): boolean {
  return requests === undefined || (Number.isSafeInteger(requests) && requests >= 1);
}

/** The fields for the API. */
export function limitFields(form: LimitForm) {
  const { rateRequests, quotaRequests } = form;
  return {
    ...(rateRequests !== undefined && {
      rateLimit: {
        requests: BigInt(rateRequests),
        window: { seconds: BigInt(form.rateWindow ?? 0) },
        per: Number(form.ratePer) as LimitPer,
      },
    }),
    ...(quotaRequests !== undefined && {
      quota: {
        requests: BigInt(quotaRequests),
        period: Number(form.quotaPeriod) as Period,
        per: Number(form.quotaPer) as LimitPer,
      },
    }),
  };
}

/** A rate limit in words. */
export function sayRate({ requests, window, per }: RateLimit): string {
  return `${uses(requests)} within ${sayDuration(Number(window?.seconds ?? 0n))}${whose(per)}`;
}

/** A quota in words. */
export function sayQuota({ requests, period, per }: Quota): string {
  return `${uses(requests)} a ${period === Period.DAY ? 'day' : 'month'} (UTC)${whose(per)}`;
}

function uses(count: bigint): string {
  return `${count.toLocaleString('en')} ${count === 1n ? 'use' : 'uses'}`;
}

function whose(per: LimitPer): string {
  return per === LimitPer.SUBJECT ? ', for each subject' : '';
}
