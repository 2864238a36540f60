/** `usher token … --source, --rate, --quota`, run as processes against a fake API Manager. */

import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {
  CreateAccessTokenRequest,
  ImportAccessTokensRequest,
  UpdateAccessTokenRequest,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import {
  ImportOutcome,
  Kind,
  LimitPer,
  Period,
  State,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { Reason, type VerifyRequest } from '../../src/gen/usher/v1/verifier_pb.ts';
import type { FakeManager } from './fake-manager.ts';
import { startFakeManager } from './fake-manager.ts';
import { runUsher } from './run-usher.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
const record = {
  ...{ id, kind: Kind.JWT, state: State.ACTIVE, name: 'billing', revision: 3n },
  allowedSources: ['192.0.2.0/24', '2001:db8::1'],
  rateLimit: { requests: 100n, window: { seconds: 60n }, per: LimitPer.SUBJECT },
  rateLimitUse: { used: 12n, remaining: 88n, subjects: 3n },
  quota: { requests: 9007199254740991n, period: Period.MONTH, per: LimitPer.TOKEN },
  quotaUse: {
    ...{ used: 7n, remaining: 9007199254740984n },
    resetTime: timestampFromDate(new Date('2026-12-01T00:00:00Z')),
  },
};

let manager: FakeManager;
let created: CreateAccessTokenRequest[] = [];
let updated: UpdateAccessTokenRequest[] = [];
let imported: ImportAccessTokensRequest[] = [];
let verified: VerifyRequest[] = [];
beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      create(request) {
        created.push(request);
        return { accessToken: record, secret: 's3cret' };
      },
      get: () => ({ accessToken: record }),
      update(request) {
        updated.push(request);
        return { accessToken: record };
      },
      import(request) {
        imported.push(request);
        return { results: request.items.map(() => ({ outcome: ImportOutcome.IMPORTED, id })) };
      },
    },
    verifier: {
      verify(request) {
        verified.push(request);
        if (!request.header.endsWith('x')) {
          const refusal = { reason: Reason.RATE_LIMITED, message: 'token is over its limit' };
          const retryAfter = { seconds: 2n, nanos: 1_000_000 };
          return { ...refusal, httpStatus: 429, tokenId: id, retryAfter, sourceDependent: true };
        }
        return { valid: true, httpStatus: 200, tokenId: id };
      },
    },
  });
});
afterAll(() => manager.close());
beforeEach(() => {
  created = [];
  updated = [];
  imported = [];
  verified = [];
});

const usher = (args: string[], stdin = '') =>
  runUsher(args, { USHER_MANAGER_URL: manager.url }, { stdin });
const create = (...args: string[]) =>
  usher(['token', 'create', '--kind', 'jwt', '--name', 'n', ...args]);
const update = (...args: string[]) => usher(['token', 'update', id, '--revision', '3', ...args]);

test('create sends all three', async () => {
  const sources = ['--source', '192.0.2.0/24', '--source', '2001:db8::1'];
  const ran = await create(...sources, '--rate', '100/1m/subject', '--quota', '10000/day');
  expect(ran.code).toBe(0);
  expect(created).toMatchObject([
    {
      allowedSources: ['192.0.2.0/24', '2001:db8::1'],
      rateLimit: { requests: 100n, window: { seconds: 60n }, per: LimitPer.SUBJECT },
      quota: { requests: 10_000n, period: Period.DAY, per: LimitPer.TOKEN },
    },
  ]);
});

test('create without them, or with none, sets none', async () => {
  await create();
  await create('--source', 'none', '--rate', 'none', '--quota', 'none');
  for (const { allowedSources, rateLimit, quota } of created) {
    expect({ allowedSources, rateLimit, quota }).toEqual({ allowedSources: [] });
  }
  expect(created).toHaveLength(2);
});

test('update changes what is given, and none clears', async () => {
  expect((await update('--rate', '5/90s')).code).toBe(0);
  await update('--source', 'none', '--rate', 'none', '--quota', 'none');
  expect(updated.map(({ updateMask }) => updateMask?.paths.sort())).toEqual([
    ['rate_limit'],
    ['allowed_sources', 'quota', 'rate_limit'],
  ]);
  expect(updated[0]?.accessToken?.rateLimit).toMatchObject({ window: { seconds: 90n } });
  expect(updated[1]?.accessToken).toMatchObject({ allowedSources: [] });
  expect(updated[1]?.accessToken?.rateLimit).toBeUndefined();
  expect(updated[1]?.accessToken?.quota).toBeUndefined();
});

describe('a value of another form is refused before anything is sent', () => {
  test.each([
    ...['100', '100/', '/1m', '100/1', '100/min', '-1/1m', '1.5/1m', '1e3/1m', '100/1m/user'],
    ...['100/1m/subject/x', '100 / 1m', '99999999999999999/1m', '100/day'],
  ])('--rate %s', async text => {
    const ran = await update('--rate', text);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('expected a number and a duration, such as 100/1m');
    expect(updated).toEqual([]);
  });
  test.each(['100', '100/1m', '100/week', '100/days', 'x/day', '100/day/', '1/month/token/x'])(
    '--quota %s',
    async text => {
      const ran = await update('--quota', text);
      expect(ran.code).toBe(2);
      expect(ran.err).toContain('expected a number and day or month, such as 10000/day');
    },
  );
  test('--source none beside a range', async () => {
    const ran = await update('--source', 'none', '--source', '::1');
    expect(ran).toMatchObject({ code: 2, err: 'usher: give --source none alone, or ranges\n' });
  });
});

test('show prints them as they are given, and their use', async () => {
  const { out } = await usher(['token', 'show', id]);
  for (const line of [
    'allowed from\t192.0.2.0/24 2001:db8::1',
    'rate limit\t100/1m/subject',
    'of the rate limit\t12 used by the subject with most, of 3, 88 left',
    'quota\t9007199254740991/month',
    'of the quota\t7 used, 9007199254740984 left, until 2026-12-01T00:00:00.000Z',
  ]) {
    expect(out.split('\n')).toContain(line);
  }
  expect(JSON.parse((await usher(['token', 'show', id, '--json'])).out)).toMatchObject({
    allowedSources: record.allowedSources,
    rateLimit: { requests: 100, windowSeconds: 60, per: 'subject' },
    rateLimitUse: { used: 12, remaining: 88, subjects: 3 },
    quota: { requests: 9007199254740991, period: 'month', per: 'token' },
    quotaUse: { used: 7, remaining: 9007199254740984, resetTime: '2026-12-01T00:00:00.000Z' },
  });
});

describe('import', () => {
  const line = (more: object) => JSON.stringify({ token: 'sk_live_x', name: 'n', ...more });
  test('takes them as members, and checks from an address that is allowed', async () => {
    const some = { allowed_sources: ['192.0.2.0/24'], rate_limit: '5/1s', quota: '9/month/token' };
    const ran = await usher(['token', 'import', '--check'], line(some));
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(imported[0]?.items).toMatchObject([
      {
        allowedSources: ['192.0.2.0/24'],
        rateLimit: { requests: 5n, window: { seconds: 1n }, per: LimitPer.TOKEN },
        quota: { requests: 9n, period: Period.MONTH, per: LimitPer.TOKEN },
      },
    ]);
    expect(verified).toMatchObject([{ source: '192.0.2.0' }]);
  });
  test.each([
    [{ allowed_sources: '192.0.2.7' }, 'allowed_sources: is not a list of strings'],
    [{ rate_limit: 100 }, 'rate_limit: is not a string'],
    [{ rate_limit: '100/day' }, 'rate_limit: is not a limit such as 100/1m or 5/1s/subject'],
    [{ quota: '100/1d' }, 'quota: is not a limit such as 10000/day or 500/month/subject'],
    [{ allowed_source: [] }, 'allowed_source: is not known; did you mean allowed_sources?'],
  ])('%j', async (more, text) => {
    const ran = await usher(['token', 'import'], line(more));
    expect(ran.err).toContain(`line 1: ${text}`);
    expect(imported).toEqual([]);
  });
});

test('verify asks for an address', async () => {
  await usher(['verify', '--source', '2001:db8::7'], 'x');
  await usher(['verify'], 'x');
  expect(verified.map(({ source }) => source)).toEqual(['2001:db8::7', '']);
});

test('verify says when a token over its limit can be used again', async () => {
  const ran = await usher(['verify'], 'much used');
  expect(ran.code).toBe(1);
  expect(ran.out).toContain('refused: token is over its limit (RATE_LIMITED)');
  expect(ran.out).toContain('try again in\t3 s');
  const json = JSON.parse((await usher(['verify', '--json'], 'much used')).out);
  expect(json).toMatchObject({ httpStatus: 429, retryAfterMs: 2001, sourceDependent: true });
});
