/** Rate limits and quotas in messages: read in each form, and refused at the part that is wrong. */

import { create, type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  AccessTokenSchema,
  CreateAccessTokenRequestSchema,
  Kind,
  type LimitPer,
  Period,
  UpdateAccessTokenRequestSchema,
} from '../../../src/gen/usher/v1/access_token_pb.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { accessTokenMessage } from '../../../src/transport/services/access-token-message.ts';
import { createOf, updateOf } from '../../../src/transport/services/access-token-request.ts';

const now = 1_700_000_000_000;
type Wanted = MessageInitShape<typeof CreateAccessTokenRequestSchema>;
const read = (some: Wanted) => {
  const request = { kind: Kind.JWT, name: 'n', ...some };
  return createOf(create(CreateAccessTokenRequestSchema, request as Wanted), now).fields;
};

test('a record is shown, and read back as it was', () => {
  const some = {
    allowedSources: ['192.0.2.0/24', '2001:db8::1'],
    rateLimit: { requests: 100, windowSeconds: 90, per: 'subject' },
    quota: { requests: 2 ** 53 - 1, period: 'month', per: 'token' },
  } as const;
  const record = { id: 'i', kind: 'jwt', scopes: [], secrets: [], revision: 1, createdAt: now };
  const whole = { ...record, ...some, name: 'n', updatedAt: now } as unknown as AccessTokenRecord;
  const message = accessTokenMessage(whole, undefined, now);
  const { allowedSources, rateLimit, quota } = message;
  expect(read({ allowedSources, rateLimit, quota } as Wanted)).toMatchObject(some);
  expect(toJson(AccessTokenSchema, message)).toMatchObject({
    allowedSources: some.allowedSources,
    rateLimit: { requests: '100', window: '90s', per: 'LIMIT_PER_SUBJECT' },
    quota: { requests: '9007199254740991', period: 'PERIOD_MONTH', per: 'LIMIT_PER_TOKEN' },
  });
});

test('without `per` all uses of the access token count together', () => {
  const rateLimit = { requests: 1n, window: { seconds: 1n } };
  const quota = { requests: 1n, period: Period.DAY };
  expect(read({ rateLimit, quota })).toMatchObject({
    rateLimit: { requests: 1, windowSeconds: 1, per: 'token' },
    quota: { requests: 1, period: 'day', per: 'token' },
  });
});

test('fields that are not given stay away, so that the call of an older client is the same', () => {
  for (const name of ['allowedSources', 'rateLimit', 'quota']) {
    expect(read({})).not.toHaveProperty(name);
  }
});

test('an update can name each of them, and clears those that it does not give', () => {
  const request = create(UpdateAccessTokenRequestSchema, {
    accessToken: { id: 'i', revision: 1n },
    updateMask: { paths: ['allowed_sources', 'rate_limit', 'quota'] },
  });
  const { mask, fields } = updateOf(request, now);
  expect(mask).toEqual(['allowedSources', 'rateLimit', 'quota']);
  expect(mask.map(name => fields[name])).toEqual([undefined, undefined, undefined]);
});

describe('a wrong part is named', () => {
  const window = { seconds: 1n };
  test.each<[Wanted, string]>([
    [{ rateLimit: {} }, 'rate_limit.window: is required'],
    [{ rateLimit: { window: { nanos: 1 } } }, 'rate_limit.window: must be whole seconds'],
    [{ rateLimit: { window: { seconds: -1n } } }, 'rate_limit.window: must not be negative'],
    [{ rateLimit: { window, requests: 2n ** 53n } }, 'rate_limit.requests: must be below 2^53'],
    [{ rateLimit: { window, per: 3 as LimitPer } }, 'rate_limit.per: is neither LIMIT_PER_TOKEN'],
    [{ quota: {} }, 'quota.period: is required: PERIOD_DAY or PERIOD_MONTH'],
    [{ quota: { period: 9 as Period } }, 'quota.period: is neither PERIOD_DAY nor PERIOD_MONTH'],
    [{ quota: { requests: 2n ** 64n - 1n } }, 'quota.requests: must be below 2^53'],
    [{ quota: { per: -1 as LimitPer } }, 'quota.per: is neither LIMIT_PER_TOKEN'],
  ])('%#: %s', (some, text) => {
    expect(() => read(some)).toThrow(text);
  });
});
