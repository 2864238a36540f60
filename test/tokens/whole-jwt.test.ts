/** Revoking a JWT that is given as a whole: only its access token's own, by its jti or its digest. */

import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, verdictOn, clock } = openOffice();

function sign(kid: string, key: string, claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(clock.ms / 1000) + 600;
  const input = `${encode({ alg: 'HS256', kid })}.${encode({ exp, ...claims })}`;
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
    'x',
    '',
    secret,
  ];
  for (const jwt of wrong) {
    const call = tokens.revokeJwts(admin, record.id, { jwt }, '');
    await expectRefused(call, 'INVALID_ARGUMENT', /^jwt: /);
  }
  expect(await verdictOn(`Bearer ${good}`)).toBe('valid');
});
