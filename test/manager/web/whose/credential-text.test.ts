/** What is kept out of searches and addresses, and what is not. */

import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { looksLikeCredential } from '../../../../src/manager/web/whose/credential-text.ts';
import { makeStaticToken } from '../../../../src/verify/static-token.ts';

test('tokens, whole and in part', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.uuid(), bytes, fc.integer({ min: 27, max: 76 }), (id, random, length) => {
      const token = makeStaticToken(id, random);
      expect(looksLikeCredential(token.slice(0, length))).toBe(true);
      expect(looksLikeCredential(`token ${token}`)).toBe(true);
    }),
  );
});

test.each([
  `usk_${randomBytes(32).toString('base64url')}`,
  `acmek_${randomBytes(32).toString('base64url')}`,
  'eyJhbGciOiJIUzI1NiJ9',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
  'Bearer abc',
  'Authorization: abc',
  randomBytes(32).toString('hex'),
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'a'.repeat(129),
])('%s', text => expect(looksLikeCredential(text)).toBe(true));

test.each([
  '',
  'billing',
  'billing service (production)',
  'my-service-production-eu-west-1-blue-green',
  'ann@example.com',
  'orders:read orders:write',
  'https://api.example.com/v1/orders',
  '01890a5d',
  randomUUID(),
  `id ${randomUUID()}`,
  'ush_',
  'internationalization-of-everything',
])('not %s', text => expect(looksLikeCredential(text)).toBe(false));
