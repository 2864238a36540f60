/** The fields RateLimit-Policy and RateLimit, as structured fields. */

import { expect, test } from 'vitest';
import { rateLimitFields, withRateLimit } from '../../../src/transport/http/rate-limit-fields.ts';
import type { LimitUse } from '../../../src/verify/verdict.ts';

const rate: LimitUse = {
  ...{ limit: 'rate limit', requests: 100, windowSeconds: 60, remaining: 99 },
  ...{ moreInMs: 30_001, allInMs: 63_000 },
};
const quota: LimitUse = {
  ...{ limit: 'quota', requests: Number.MAX_SAFE_INTEGER, windowSeconds: 86_400 },
  ...{ remaining: Number.MAX_SAFE_INTEGER, moreInMs: undefined, allInMs: undefined },
};

test('both limits, with whole seconds, and numbers that a structured field can hold', () => {
  expect(rateLimitFields({ limitUses: () => [rate, quota] })).toEqual({
    'RateLimit-Policy': '"rate";q=100;w=60, "quota";q=999999999999999;w=86400',
    RateLimit: '"rate";r=99;t=31, "quota";r=999999999999999',
  });
});

test('no fields without limits', () => {
  const headers = ['Content-Length', '0'];
  expect(rateLimitFields({})).toEqual({});
  expect(withRateLimit(headers, {})).toBe(headers);
});

test('they come behind other headers, which stay as they are for other requests', () => {
  const headers = ['Content-Length', '0'];
  const all = withRateLimit(headers, { limitUses: () => [rate] });
  expect(all.slice(0, 2)).toEqual(headers);
  expect(all.filter((_, n) => n % 2 === 0)).toEqual([
    ...['Content-Length', 'RateLimit-Policy', 'RateLimit'],
  ]);
  expect(headers).toHaveLength(2);
});
