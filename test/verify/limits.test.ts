/** Limits in the decision: the last step, which counts valid verdicts alone. */

import { expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import type { Found } from '../../src/store/store.ts';
import type { Granted } from '../../src/verify/verdict.ts';
import { memoryStore, replica } from '../limiting/setup.ts';
import { jwtRecord, now, nowMs, sign, staticRecord, verifierOver } from './setup.ts';

/** A verifier that remembers what it has proven, with counting. */
function counting(...records: AccessTokenRecord[]) {
  const clock = { now: nowMs };
  const found = new Map<string, Found>(
    records.map(record => [record.id, { record, stale: false }]),
  );
  const reader = {
    find: (id: string) => found.get(id) ?? { record: undefined, stale: false },
    isCurrent: (other: Found) => [...found.values()].includes(other),
  };
  const store = memoryStore();
  const { limits } = replica(store, clock);
  return {
    clock,
    store,
    verify: verifierOver(reader, () => clock.now, undefined, undefined, limits),
  };
}

const quota = { requests: 2, period: 'day', per: 'token' } as const;
const midnight = 1_700_006_400_000;

test('valid verdicts are the same object, which nobody may keep', async () => {
  const { record, token } = staticRecord({ quota: { ...quota, requests: 3 } });
  const { verify } = counting(record);
  const first = await verify({ header: token });
  expect(first).toMatchObject({ valid: true, cacheTtlMs: 0, watchedTtlMs: 0 });
  expect(await verify({ header: token })).toBe(first);
  expect(verify({ header: token })).toBe(first);
  const uses = (first as Granted).limitUses?.();
  expect(uses).toMatchObject([{ limit: 'quota', requests: 3, remaining: 0 }]);
});

test('a token over its limit is refused with its identity, until when, and for nobody to keep', async () => {
  const { record, token } = staticRecord({ quota });
  const { verify, clock } = counting(record);
  for (let n = 0; n < 2; n++)
    expect(await verify({ header: token })).toMatchObject({ valid: true });
  expect(await verify({ header: token })).toMatchObject({
    ...{ valid: false, reason: 'RATE_LIMITED', retryAfterMs: midnight - nowMs, watchedTtlMs: 0 },
    identity: { tokenId: record.id },
  });
  clock.now = midnight;
  expect(await verify({ header: token })).toMatchObject({ valid: true });
});

test('every other refusal comes first, and counts nothing', async () => {
  const record = jwtRecord({ quota: { ...quota, requests: 1 } });
  const { verify, store } = counting(record);
  const jwt = (claims: object) =>
    `Bearer ${sign({ alg: 'HS256', kid: record.id }, { exp: now + 60, aud: 'a', ...claims })}`;
  const reasonOf = async (header: string, more = {}) => {
    const verdict = await verify({ header, ...more });
    return verdict.valid ? 'valid' : verdict.reason;
  };
  for (let n = 0; n < 3; n++) {
    expect(await reasonOf(jwt({ exp: now - 1 }))).toBe('EXPIRED');
    expect(await reasonOf(jwt({}), { audience: 'b' })).toBe('WRONG_AUDIENCE');
    expect(await reasonOf(jwt({}), { requiredScopes: ['c'] })).toBe('INSUFFICIENT_SCOPE');
    expect(await reasonOf(`${jwt({})}x`)).toBe('INVALID_TOKEN');
  }
  expect(await reasonOf(jwt({}))).toBe('valid');
  expect(await reasonOf(jwt({}))).toBe('RATE_LIMITED');
  expect(await reasonOf(jwt({}), { audience: 'b' })).toBe('WRONG_AUDIENCE');
  expect(store.rounds).toBe(0);
});

test('what is no use counts nothing, and is not refused for a limit', async () => {
  const { record, token } = staticRecord({ quota: { ...quota, requests: 1 } });
  const { verify } = counting(record);
  const valid = async (isUse?: boolean) =>
    (await verify({ header: token, ...(isUse === undefined ? {} : { isUse }) })).valid;
  expect([await valid(false), await valid(false), await valid()]).toEqual([true, true, true]);
  expect([await valid(), await valid(true), await valid(false)]).toEqual([false, false, true]);
});

test('JWTs of one subject count together', async () => {
  const record = jwtRecord({ rateLimit: { requests: 1, windowSeconds: 60, per: 'subject' } });
  const { verify } = counting(record);
  const ask = async (sub: string | undefined, jti: string) => {
    const claims = { exp: now + 60, jti, ...(sub === undefined ? {} : { sub }) };
    const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, claims)}`;
    return (await verify({ header })).valid;
  };
  expect([await ask('ann', '1'), await ask('ann', '2'), await ask('ben', '3')]).toEqual([
    ...[true, false, true],
  ]);
  expect([await ask(undefined, '4'), await ask(undefined, '5')]).toEqual([true, false]);
});

test('a JWT that is over its limit at first sight is proven once', async () => {
  const record = jwtRecord({ quota: { ...quota, requests: 1 } });
  const { verify } = counting(record);
  const jwt = (jti: string) =>
    `Bearer ${sign({ alg: 'HS256', kid: record.id }, { exp: now + 60, jti })}`;
  await verify({ header: jwt('1') });
  expect(verify({ header: jwt('2') })).toBeInstanceOf(Promise);
  expect(await verify({ header: jwt('2') })).toMatchObject({ reason: 'RATE_LIMITED' });
  expect(verify({ header: jwt('2') })).toMatchObject({ reason: 'RATE_LIMITED' });
});

test('a token without limits is not counted, and may be kept', async () => {
  const { record, token } = staticRecord();
  const { verify } = counting(record);
  const verdict = (await verify({ header: token })) as Granted;
  expect(verdict.cacheTtlMs).toBeGreaterThan(0);
  expect(verdict).not.toHaveProperty('watchedTtlMs');
  expect(verdict).not.toHaveProperty('limitUses');
});
