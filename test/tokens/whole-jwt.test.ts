/** Revoking a JWT that is given as a whole: only its access token's own, by its jti or its digest. */

import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { nameOfJwt } from '../../src/tokens/whole-jwt.ts';
import { jwtDigest } from '../../src/verify/jwt.ts';
import type { MasterKeys } from '../../src/verify/master-keys.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, keys, verdictOn, clock } = openOffice();

const sign = (kid: string, key: string, claims: object) =>
  signWith({ alg: 'HS256', kid }, key, claims);

function signWith(header: object, key: string, claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(clock.ms / 1000) + 600;
  const input = `${encode(header)}.${encode({ exp, ...claims })}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

test('with a jti or without, it alone is refused; also one of the previous secret key', async () => {
  const { record, secret } = await tokens.create(admin, 'jwt', fields());
  await tokens.rotate(admin, record.id, 3600, 0);
  const [named, unnamed, other] = [{ jti: 'a' }, { sub: 'ann' }, { sub: 'bob' }].map(claims =>
    sign(record.id, secret, claims),
  );
  for (const jwt of [named, unnamed])
    await tokens.revokeJwts(admin, record.id, { jwt: jwt ?? '' }, '');
  expect(await verdictOn(`Bearer ${named}`)).toBe('REVOKED');
  expect(await verdictOn(`Bearer ${unnamed}`)).toBe('REVOKED');
  expect(await verdictOn(`Bearer ${other}`)).toBe('valid');
  expect((await tokens.get(admin, record.id)).record.revokedAt).toBeUndefined();
});

test('another access token’s, a forged one and what is no JWT are refused', async () => {
  const { record, secret } = await tokens.create(admin, 'jwt', fields());
  const other = await tokens.create(admin, 'jwt', fields());
  const good = sign(record.id, secret, { jti: 'a' });
  const wrong = [
    sign(record.id, other.secret, { jti: 'a' }),
    sign(other.record.id, other.secret, { jti: 'a' }),
    good.slice(0, good.lastIndexOf('.')),
    `${good}x`,
    `${good}.x`,
    `x ${good}`,
    `${good}\n`,
    signWith({ alg: 'HS512', kid: record.id }, secret, { jti: 'a' }),
    signWith({ alg: 'HS256' }, secret, { jti: 'a' }),
    'x',
    '',
    secret,
  ];
  for (const [n, jwt] of wrong.entries()) {
    const call = tokens.revokeJwts(admin, record.id, { jwt }, '');
    const problem =
      n < 2
        ? 'jwt: was not signed with a secret key of this access token'
        : 'jwt: is not a whole JWT of HS256 with a kid';
    await expectRefused(call, 'INVALID_ARGUMENT', problem);
  }
  expect(await verdictOn(`Bearer ${good}`)).toBe('valid');
});

test('one that is signed with this secret key for another access token is refused', async () => {
  const { record, secret } = await tokens.create(admin, 'jwt', fields());
  const call = tokens.revokeJwts(admin, record.id, { jwt: sign(randomUUID(), secret, {}) }, '');
  await expectRefused(call, 'INVALID_ARGUMENT', /^jwt: was not signed with/);
});

test.each<[string, object]>([
  ['claims that verification refuses', { jti: 'a', nbf: 'soon' }],
  ['an empty jti', { jti: '' }],
])('one with %s is revoked by its digest', async (_, claims) => {
  const { record, secret } = await tokens.create(admin, 'jwt', fields());
  const jwt = sign(record.id, secret, claims);
  expect(nameOfJwt(keys, record, jwt)).toEqual({ digest: jwtDigest(jwt) });
});

test('its jti is found at any depth of claims that a setting can allow', async () => {
  const { record, secret } = await tokens.create(admin, 'jwt', fields());
  let deep: object = {};
  for (let n = 2; n < 64; n++) deep = { deep };
  const [allowed, never] = [deep, { deep }].map(held =>
    sign(record.id, secret, { jti: 'a', held }),
  );
  expect(nameOfJwt(keys, record, allowed ?? '')).toEqual({ jti: 'a' });
  expect(nameOfJwt(keys, record, never ?? '')).toEqual({ digest: jwtDigest(never ?? '') });
});

describe('of a secret key that the master keys cannot open', () => {
  const openWith = (fault: Error): MasterKeys => ({
    ...keys,
    open() {
      throw fault;
    },
  });
  test('it is not known as its own', async () => {
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    const name = () =>
      nameOfJwt(openWith(new Unavailable('no key')), record, sign(record.id, secret, {}));
    expect(name).toThrow('jwt: was not signed with a secret key of this access token');
  });
  test('the other secret key still counts', async () => {
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    const [own] = record.secrets;
    if (own === undefined) return expect.unreachable();
    const secrets = [{ ...own, masterKeyId: 'gone' }, own];
    const jwt = sign(record.id, secret, { jti: 'a' });
    expect(nameOfJwt(keys, { ...record, secrets }, jwt)).toEqual({ jti: 'a' });
  });
  test('a fault of the program is reported as one', async () => {
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    const name = () => nameOfJwt(openWith(new Error('a bug')), record, sign(record.id, secret, {}));
    expect(name).toThrow('a bug');
  });
});
