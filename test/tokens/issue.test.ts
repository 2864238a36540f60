/** Issuing JWTs: every issued JWT verifies, and none exceeds its access token. */

import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/store/record.ts';
import { Unavailable } from '../../src/store/store.ts';
import type { Fields } from '../../src/tokens/fields.ts';
import { countIssued, createIssueJwt, type JwtOrder } from '../../src/tokens/issue.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { defaultLimits } from '../limits.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, store, clock, issue, verify, verdictOn, now } = openOffice();
const make = async (some: Partial<Fields> = {}) =>
  (await tokens.create(admin, 'jwt', fields({ scopes: ['a', 'b'], ...some }))).record;
const orderOf = (tokenId: string, some: Partial<JwtOrder> = {}): JwtOrder => ({
  ...{ tokenId, subject: '', audience: [], scopes: [], claims: {} },
  expiry: { lifetimeSeconds: 60 },
  ...some,
});
const sign = async (some: Partial<JwtOrder> = {}, of: Partial<Fields> = {}) =>
  await issue(admin, orderOf((await make(of)).id, some));
const nested = (levels: number): JsonObject => (levels === 1 ? {} : { a: nested(levels - 1) });

describe('an issued JWT', () => {
  test('has kid, iat, exp and jti, and verifies', async () => {
    const record = await make();
    const issued = await issue(admin, orderOf(record.id));
    const iat = Math.floor(clock.ms / 1000);
    expect(issued).toMatchObject({ iat, exp: iat + 60 });
    const header = { alg: 'HS256', typ: 'JWT', kid: record.id };
    expect(decodeProtectedHeader(issued.jwt)).toEqual(header);
    expect(decodeJwt(issued.jwt)).toEqual({ iat, exp: iat + 60, jti: issued.jti });
    expect(await verdictOn(`Bearer ${issued.jwt}`)).toBe('valid');
  });
  test('has subject, audience, scopes and further claims', async () => {
    const claims = { role: 'x', nested: { a: [1, null, true] }, __proto: 1 };
    const { jwt } = await sign({ subject: 'ann', audience: ['api'], scopes: ['a'], claims });
    expect(decodeJwt(jwt)).toMatchObject({ ...claims, sub: 'ann', aud: 'api', scope: 'a' });
    const verdict = await verify({ header: `Bearer ${jwt}`, audience: 'api' });
    expect(verdict).toMatchObject({ valid: true, identity: { subject: 'ann', scopes: ['a'] } });
  });
  test('has several audiences as a list', async () => {
    const { jwt } = await sign({ audience: ['one', 'two'] });
    expect(decodeJwt(jwt).aud).toEqual(['one', 'two']);
    for (const audience of ['one', 'two']) {
      expect((await verify({ header: `Bearer ${jwt}`, audience })).valid).toBe(true);
    }
  });
  test('has a different jti each time', async () => {
    const record = await make();
    const [one, two] = [
      await issue(admin, orderOf(record.id)),
      await issue(admin, orderOf(record.id)),
    ];
    expect(one.jti).not.toBe(two.jti);
  });
  test('expires at the requested exp, however far', async () => {
    const { jwt, exp } = await sign({ expiry: { exp: 2 ** 53 - 1 } });
    expect(exp).toBe(2 ** 53 - 1);
    expect(await verdictOn(`Bearer ${jwt}`)).toBe('valid');
  });
  test('treats __proto__ as an ordinary claim', async () => {
    const claims = JSON.parse('{"__proto__":{"exp":1}}') as JsonObject;
    const { jwt } = await sign({ claims });
    expect(Object.keys(decodeJwt(jwt))).toContain('__proto__');
    expect(await verdictOn(`Bearer ${jwt}`)).toBe('valid');
  });
  test('verifies at the limits of depth and length', async () => {
    const { jwt: deep } = await sign({ claims: nested(32) });
    expect(await verdictOn(`Bearer ${deep}`)).toBe('valid');
    let length = 5000;
    let longest = '';
    const record = await make();
    for (let step = 2048; step >= 1; step /= 2) {
      const claims = { a: 'x'.repeat(length + step) };
      const signed = await issue(admin, orderOf(record.id, { claims })).catch(() => undefined);
      if (signed !== undefined) {
        length += step;
        longest = signed.jwt;
      }
    }
    expect(`Bearer ${longest}`.length).toBeGreaterThan(8192 - 4);
    expect(await verdictOn(`Bearer ${longest}`)).toBe('valid');
  });
  test('is valid right after its subject was revoked', async () => {
    const record = await make();
    clock.ms = Math.ceil(clock.ms / 1000) * 1000 + 500;
    const order = orderOf(record.id, { subject: 'ann' });
    const before = await issue(admin, order);
    await tokens.revokeJwts(admin, record.id, { subject: 'ann' }, '');
    const after = await issue(admin, order);
    expect(await verdictOn(`Bearer ${before.jwt}`)).toBe('REVOKED');
    expect(await verdictOn(`Bearer ${after.jwt}`)).toBe('valid');
    await tokens.revokeJwts(admin, record.id, { issuedBefore: clock.ms }, '');
    clock.ms += 1;
    expect(await verdictOn(`Bearer ${(await issue(admin, order)).jwt}`)).toBe('valid');
  });
});

describe('refused is', () => {
  test.each(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope'])(
    'claim %s, which is reserved',
    async name => {
      const call = sign({ claims: { [name]: 'x' } });
      await expectRefused(call, 'INVALID_ARGUMENT', `claims: must not hold "${name}"`);
    },
  );
  test.each<[string, Partial<JwtOrder>]>([
    ['claims', { claims: { a: 'x'.repeat(6200) } }],
    ['claims', { claims: nested(33) }],
    ['claims', { claims: nested(3000) }],
    ['claims', { claims: { a: Number.NaN } }],
    ['claims', { claims: { a: '\ud800' } }],
    ['subject', { subject: 's'.repeat(257) }],
    ['subject', { subject: 'a\nb' }],
    ['audience', { audience: [''] }],
    ['audience', { audience: ['a', 'a'] }],
    ['scopes', { scopes: ['c'] }],
    ['scopes', { scopes: ['a b'] }],
    ['scopes', { scopes: ['a', 'a'] }],
    ['token_id', { tokenId: 'x' }],
  ])('a wrong %s', async (field, some) => {
    await expectRefused(sign(some), 'INVALID_ARGUMENT', new RegExp(`^${field}: `));
  });
  test.each<[string, JwtOrder['expiry']]>([
    ['no lifetime', { lifetimeSeconds: 0 }],
    ['a negative one', { lifetimeSeconds: -1 }],
    ['a fraction', { lifetimeSeconds: 0.5 }],
    ['NaN', { lifetimeSeconds: Number.NaN }],
    ['one beyond 2^53', { lifetimeSeconds: 2 ** 53 }],
    ['exp 0', { exp: 0 }],
    ['exp in the past', { exp: 1 }],
    ['exp 2^53', { exp: 2 ** 53 }],
    ['exp Infinity', { exp: Number.POSITIVE_INFINITY }],
  ])('expiry: %s', async (_, expiry) => {
    await expectRefused(sign({ expiry }), 'INVALID_ARGUMENT', /^expiry: /);
  });
  test("a lifetime beyond the access token's longest", async () => {
    const of = { jwtLifetimeMaxSeconds: 60 };
    const { jwt } = await sign({}, of);
    expect(await verdictOn(`Bearer ${jwt}`)).toBe('valid');
    const long = sign({ expiry: { lifetimeSeconds: 61 } }, of);
    await expectRefused(long, 'INVALID_ARGUMENT', /^expiry: .* 60 s/);
  });
  test('an audience that the access token does not allow, or none where it lists some', async () => {
    const of = { audiences: ['a', 'b'] };
    await sign({ audience: ['a', 'b'] }, of);
    for (const audience of [['c'], ['a', 'c'], []]) {
      await expectRefused(sign({ audience }, of), 'INVALID_ARGUMENT', /^audience: /);
    }
  });
  test('an access token that is static, expired or revoked', async () => {
    const { record } = await tokens.create(admin, 'static', fields());
    await expectRefused(issue(admin, orderOf(record.id)), 'FAILED_PRECONDITION', 'static');
    const { id } = await make({ expiresAt: clock.ms + 1 });
    clock.ms += 1;
    await expectRefused(issue(admin, orderOf(id)), 'FAILED_PRECONDITION', 'expired');
    await tokens.revoke(admin, id, '');
    await expectRefused(issue(admin, orderOf(id)), 'FAILED_PRECONDITION', 'revoked');
  });
  test('a missing master key, with an outage instead of a refusal', async () => {
    const { id } = await make();
    const others = createMasterKeys([{ id: 'k2', bytes: new Uint8Array(32).fill(2) }]);
    const call = createIssueJwt(store, others, now, defaultLimits.verify)(admin, orderOf(id));
    await expect(call).rejects.toThrow(Unavailable);
  });
});

test('each JWT that is signed is counted, and no other', async () => {
  const counted: string[] = [];
  const count = countIssued(issue, {
    issued: ({ actor }, { id, name }) => void counted.push(`${actor} ${id} ${name}`),
  });
  const { record } = await tokens.create(admin, 'jwt', fields());
  await count(admin, { ...orderOf(record.id), tokenId: record.id.toUpperCase() });
  await count(admin, orderOf('x')).catch(() => undefined);
  expect(counted).toEqual([`admin ${record.id} test`]);
});
