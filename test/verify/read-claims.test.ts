/** What is read of the claims of a JWT whose signature was right. */

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/store/record.ts';
import { readClaims } from '../../src/verify/claims.ts';
import { jwtDigest } from '../../src/verify/jwt.ts';
import { jwtRecord, now, part, sign, verifierOf } from './setup.ts';

const exp = now + 60;

describe('what is read', () => {
  const signingInput = 'header.payload';
  const read = (claims: JsonObject) => readClaims({ payload: part(claims), signingInput }, 8);

  test('of a JWT that has nothing but its end', () => {
    expect(read({ exp })).toEqual({
      ...{ all: { exp }, exp, subject: '', audience: [], digest: jwtDigest(signingInput) },
    });
  });
  test('of one that has all', () => {
    const all = { exp, nbf: 1, iat: 2, sub: 's', jti: 'j', aud: 'x', scope: ' a  b ' };
    expect(read(all)).toEqual({
      ...{ all, exp, nbf: 1, iat: 2, subject: 's', jti: 'j', audience: ['x'], scopes: ['a', 'b'] },
    });
  });
  test('of lists', () => {
    expect(read({ exp, aud: ['x', 'y'], scope: ['a b', 'c'] })).toMatchObject({
      ...{ audience: ['x', 'y'], scopes: ['a b', 'c'] },
    });
  });
  test('an empty jti names nothing, and 0 does', () => {
    expect(read({ exp, jti: '' })).toMatchObject({ jti: '', digest: jwtDigest(signingInput) });
    expect(read({ exp, jti: 0 })).toMatchObject({ jti: '0' });
    expect(read({ exp, jti: 0 })).not.toHaveProperty('digest');
  });
  test('and who holds it', async () => {
    const record = jwtRecord();
    const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, { exp })}`;
    expect(await verifierOf([record])({ header })).toMatchObject({
      identity: {
        ...{ tokenId: record.id, kind: 'jwt', owner: '', subject: '', jti: '', exp, revision: 1 },
        ...{ scopes: ['a', 'b'], claims: { exp } },
      },
    });
  });
});
