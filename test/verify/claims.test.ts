/** The checks after the signature: time, revocation, audience and scope, and their order. */

import { describe, expect, test } from 'vitest';
import type { AccessTokenRecord, JsonObject } from '../../src/store/record.ts';
import { claimHash } from '../../src/verify/revoked-jwts.ts';
import { reasons } from '../../src/verify/verdict.ts';
import type { Question } from '../../src/verify/verify.ts';
import { answer, jwtRecord, now, nowMs, sign, staticRecord, verifierOf } from './setup.ts';

type Asked = Omit<Question, 'header'>;

async function judged(
  claims: JsonObject | string,
  fields: Partial<AccessTokenRecord> = {},
  asked: Asked = {},
  at = nowMs,
) {
  const record = jwtRecord(fields);
  const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, claims)}`;
  return await answer([record], { header, ...asked }, at);
}

async function verdictOn(claims: JsonObject, fields: Partial<AccessTokenRecord> = {}) {
  const record = jwtRecord(fields);
  const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, claims)}`;
  return await verifierOf([record])({ header });
}

const exp = now + 60;

describe('exp', () => {
  test.each<[string, string, string]>([
    ['2^53 - 1', '9007199254740991', 'valid'],
    ['written with an exponent', '2e9', 'valid'],
    ['2^53', '9007199254740992', 'INVALID_TOKEN'],
    ['1e308', '1e308', 'INVALID_TOKEN'],
    ['1e999, which reads as Infinity', '1e999', 'INVALID_TOKEN'],
    ['-1e999', '-1e999', 'INVALID_TOKEN'],
    ['a fraction', `${exp}.5`, 'INVALID_TOKEN'],
    ['text', `"${exp}"`, 'INVALID_TOKEN'],
    ['a date', '"2099-01-01T00:00:00Z"', 'INVALID_TOKEN'],
    ['null', 'null', 'INVALID_TOKEN'],
    ['true', 'true', 'INVALID_TOKEN'],
    ['a list', `[${exp}]`, 'INVALID_TOKEN'],
    ['an object', '{}', 'INVALID_TOKEN'],
    ['negative', '-1', 'INVALID_TOKEN'],
    ['0', '0', 'INVALID_TOKEN'],
    ['-0', '-0', 'INVALID_TOKEN'],
    ['1', '1', 'EXPIRED'],
  ])('%s', async (_, text, reason) => expect(await judged(`{"exp":${text}}`)).toBe(reason));
  test('missing', async () => expect(await judged({ sub: 'ann' })).toBe('JWT_MISSING_EXP'));
  test('valid until the millisecond before it, then expired', async () => {
    expect(await judged({ exp }, {}, {}, exp * 1000 - 1)).toBe('valid');
    expect(await judged({ exp }, {}, {}, exp * 1000)).toBe('EXPIRED');
  });
});

describe('nbf and iat', () => {
  test('nbf: not yet valid the millisecond before it, valid at it', async () => {
    expect(await judged({ exp, nbf: now }, {}, {}, nowMs - 1)).toBe('NOT_YET_VALID');
    expect(await judged({ exp, nbf: now }, {}, {}, nowMs)).toBe('valid');
  });
  test('nbf may be a fraction', async () => {
    expect(await judged({ exp, nbf: now + 0.5 }, {}, {}, nowMs + 499)).toBe('NOT_YET_VALID');
    expect(await judged({ exp, nbf: now + 0.5 }, {}, {}, nowMs + 500)).toBe('valid');
  });
  test('iat: up to 60 s in the future is clock skew, more is not', async () => {
    expect(await judged({ exp: now + 900, iat: now + 60 })).toBe('valid');
    expect(await judged({ exp: now + 900, iat: now + 61 })).toBe('NOT_YET_VALID');
    expect(await judged({ exp: now + 900, iat: now + 60.001 })).toBe('NOT_YET_VALID');
  });
  test('iat of long ago is fine', async () => expect(await judged({ exp, iat: 0 })).toBe('valid'));
  test.each(['nbf', 'iat'])('%s of a wrong type or beyond 2^53', async name => {
    for (const value of ['"1"', 'null', 'true', '[]', '{}', '-1', '1e300', '1e999']) {
      expect(await judged(`{"exp":${exp},"${name}":${value}}`)).toBe('INVALID_TOKEN');
    }
  });
});

test.each(['sub', 'jti', 'scope', 'aud'])('%s of a wrong type', async name => {
  for (const value of [1, null, true, {}, [1], [['x']]]) {
    expect(await judged({ exp, [name]: value })).toBe('INVALID_TOKEN');
  }
});

describe('longest lifetime of the access token', () => {
  const fields = { jwtLifetimeMaxSeconds: 100 };
  test.each<[string, JsonObject, string]>([
    ['from iat to exp, exactly', { iat: now - 50, exp: now + 50 }, 'valid'],
    ['a second more', { iat: now - 50, exp: now + 51 }, 'INVALID_TOKEN'],
    ['without iat, from now', { exp: now + 100 }, 'valid'],
    ['without iat, a second more', { exp: now + 101 }, 'INVALID_TOKEN'],
    [
      'iat in the future does not stretch it',
      { iat: now + 3600, exp: now + 3700 },
      'NOT_YET_VALID',
    ],
    ['far away', { exp: 2 ** 53 - 1 }, 'INVALID_TOKEN'],
  ])('%s', async (_, claims, reason) => expect(await judged(claims, fields)).toBe(reason));
});

describe('audience', () => {
  test.each<[string, JsonObject, string, string]>([
    ['none asked', { exp, aud: 'a' }, '', 'valid'],
    ['the one named', { exp, aud: 'a' }, 'a', 'valid'],
    ['one of a list', { exp, aud: ['b', 'a'] }, 'a', 'valid'],
    ['another', { exp, aud: 'b' }, 'a', 'WRONG_AUDIENCE'],
    ['a part of its name', { exp, aud: 'api.example' }, 'api', 'WRONG_AUDIENCE'],
    ['in another case', { exp, aud: 'A' }, 'a', 'WRONG_AUDIENCE'],
    ['an empty list', { exp, aud: [] }, 'a', 'WRONG_AUDIENCE'],
    ['no aud', { exp }, 'a', 'WRONG_AUDIENCE'],
  ])('%s', async (_, claims, audience, reason) => {
    expect(await judged(claims, {}, { audience })).toBe(reason);
  });
  test.each<[string, JsonObject, string]>([
    ['allowed', { exp, aud: 'a' }, 'valid'],
    ['both allowed', { exp, aud: ['a', 'b'] }, 'valid'],
    ['one is not allowed', { exp, aud: ['a', 'c'] }, 'WRONG_AUDIENCE'],
    ['none, where only some are allowed', { exp }, 'WRONG_AUDIENCE'],
    ['an empty list', { exp, aud: [] }, 'WRONG_AUDIENCE'],
  ])('audiences of the access token: %s', async (_, claims, reason) => {
    expect(await judged(claims, { audiences: ['a', 'b'] })).toBe(reason);
  });
  test('a static token is meant for every audience', async () => {
    const { record, token } = staticRecord();
    expect(await answer([record], { header: token, audience: 'any' })).toBe('valid');
  });
});

describe('scopes', () => {
  const scopesOf = async (claims: JsonObject) => {
    const verdict = await verdictOn({ exp, ...claims }, { scopes: ['a', 'b'] });
    return verdict.identity?.scopes;
  };
  test('a JWT has those of its access token', async () => {
    expect(await scopesOf({})).toEqual(['a', 'b']);
  });
  test('its scope claim narrows them', async () => {
    expect(await scopesOf({ scope: 'b' })).toEqual(['b']);
    expect(await scopesOf({ scope: '' })).toEqual([]);
    expect(await scopesOf({ scope: '  a   b ' })).toEqual(['a', 'b']);
  });
  test('and never widens them', async () => {
    expect(await scopesOf({ scope: 'usher.admin b' })).toEqual(['b']);
    expect(await scopesOf({ scope: 'A' })).toEqual([]);
    expect(await scopesOf({ scp: ['usher.admin'], scopes: 'usher.admin' })).toEqual(['a', 'b']);
  });
  test.each<[string, string[], string]>([
    ['none asked', [], 'valid'],
    ['all held', ['a', 'b'], 'valid'],
    ['one lacking', ['a', 'c'], 'INSUFFICIENT_SCOPE'],
    ['empty text', [''], 'INSUFFICIENT_SCOPE'],
    ['two in one text', ['a b'], 'INSUFFICIENT_SCOPE'],
  ])('%s', async (_, requiredScopes, reason) => {
    const { record, token } = staticRecord();
    expect(await answer([record], { header: token, requiredScopes })).toBe(reason);
    expect(await judged({ exp }, {}, { requiredScopes })).toBe(reason);
  });
  test('a scope that the claim left out is lacking', async () => {
    const asked = { requiredScopes: ['a'] };
    expect(await judged({ exp, scope: 'b' }, {}, asked)).toBe('INSUFFICIENT_SCOPE');
  });
});

describe('revocation', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  test('of one jti', async () => {
    const fields = { id, revokedJwts: { ids: { [claimHash(id, 'j1')]: 1 } } };
    expect(await judged({ exp, jti: 'j1' }, fields)).toBe('REVOKED');
    expect(await judged({ exp, jti: 'j2' }, fields)).toBe('valid');
    expect(await judged({ exp }, fields)).toBe('valid');
    expect(await judged({ exp, jti: '__proto__' }, fields)).toBe('valid');
  });
  test('of a subject, until now', async () => {
    const fields = { id, revokedJwts: { subjects: { [claimHash(id, 'ann')]: nowMs } } };
    expect(await judged({ exp, sub: 'ann', iat: now - 1 }, fields)).toBe('REVOKED');
    expect(await judged({ exp, sub: 'ann', iat: now }, fields)).toBe('valid');
    expect(await judged({ exp, sub: 'bob', iat: now - 1 }, fields)).toBe('valid');
  });
  test('of all issued before a time, to the millisecond', async () => {
    const fields = { revokedJwts: { issuedBefore: nowMs } };
    expect(await judged({ exp, iat: now - 0.001 }, fields)).toBe('REVOKED');
    expect(await judged({ exp, iat: now }, fields)).toBe('valid');
  });
  test('one without iat was issued before any time', async () => {
    expect(await judged({ exp }, { revokedJwts: { issuedBefore: 1 } })).toBe('REVOKED');
    const subjects = { [claimHash(id, 'ann')]: 1 };
    expect(await judged({ exp, sub: 'ann' }, { id, revokedJwts: { subjects } })).toBe('REVOKED');
  });
  test('the hash of one access token does not fit another', () => {
    expect(claimHash(id, 'j1')).not.toBe(claimHash(id.replace('0', '1'), 'j1'));
  });
  test('of the access token, both kinds', async () => {
    const { record, token } = staticRecord({ revokedAt: nowMs + 1e9 });
    expect(await answer([record], { header: token })).toBe('REVOKED');
    expect(await judged({ exp }, { revokedAt: 1 })).toBe('REVOKED');
  });
});

describe('the end of the access token', () => {
  test('to the millisecond, both kinds', async () => {
    const expiresAt = nowMs + 250;
    const { record, token } = staticRecord({ expiresAt });
    expect(await answer([record], { header: token }, expiresAt - 1)).toBe('valid');
    expect(await answer([record], { header: token }, expiresAt)).toBe('EXPIRED');
    expect(await judged({ exp }, { expiresAt }, {}, expiresAt - 1)).toBe('valid');
    expect(await judged({ exp }, { expiresAt }, {}, expiresAt)).toBe('EXPIRED');
  });
  test('the verdict has the earlier of both expiries', async () => {
    expect((await verdictOn({ exp }, { expiresAt: nowMs + 5900 })).identity?.exp).toBe(now + 5);
    expect((await verdictOn({ exp }, { expiresAt: nowMs + 99_000 })).identity?.exp).toBe(exp);
  });
  test.each([
    [-1, 2000],
    [60_000, 2000],
    [1500, 1000],
    [250, 0],
  ])('ending in %d ms, a verdict may be reused for %d ms', async (endsMs, ttlMs) => {
    const ends = endsMs < 0 ? {} : { expiresAt: nowMs + endsMs };
    const { record, token } = staticRecord(ends);
    const verdict = await verifierOf([record])({ header: token });
    expect(verdict.valid && verdict.cacheTtlMs).toBe(ttlMs);
  });
});

describe('of several reasons, the first in the table is given', () => {
  // Each step fixes the reason before it.
  const question = { audience: 'x', requiredScopes: ['z'] };
  const steps: [string, JsonObject, Partial<AccessTokenRecord>][] = [
    ['INVALID_TOKEN', { exp: 'x', nbf: now + 9 }, { expiresAt: 1, revokedAt: 1 }],
    ['JWT_MISSING_EXP', { nbf: now + 9 }, { expiresAt: 1, revokedAt: 1 }],
    ['NOT_YET_VALID', { exp: 1, nbf: now + 9 }, { expiresAt: 1, revokedAt: 1 }],
    ['EXPIRED', { exp: 1 }, { revokedAt: 1 }],
    ['EXPIRED', { exp }, { expiresAt: 1, revokedAt: 1 }],
    ['REVOKED', { exp }, { revokedAt: 1 }],
    ['WRONG_AUDIENCE', { exp }, {}],
    ['INSUFFICIENT_SCOPE', { exp, aud: 'x' }, {}],
    ['valid', { exp, aud: 'x' }, { scopes: ['z'] }],
  ];
  test.each(steps)('%s', async (reason, claims, fields) => {
    expect(await judged(claims, fields, question)).toBe(reason);
  });
  test('the table has them in this order', () => {
    const told = [...new Set(steps.map(([reason]) => reason))].slice(0, -1);
    expect(Object.keys(reasons).slice(3)).toEqual(told);
  });
});

test('the identity is revealed after the signature check, but not with INVALID_TOKEN', async () => {
  const known = await verdictOn({ exp: 1, sub: 'ann' }, { owner: 'team' });
  expect(known.identity).toMatchObject({ owner: 'team', subject: 'ann', kind: 'jwt' });
  expect(await verdictOn({ exp: 'x' })).toEqual({
    valid: false,
    reason: 'INVALID_TOKEN',
    stale: false,
  });
});
