/** The checks after the signature: time, revocation, audience and scope, and their order. */

import { describe, expect, test } from 'vitest';
import type { AccessTokenRecord, JsonObject } from '../../src/store/record.ts';
import { claimHashes, makeHashKey } from '../../src/verify/revoked-jwts.ts';
import { type Denied, reasons, textOf } from '../../src/verify/verdict.ts';
import type { Question } from '../../src/verify/verify.ts';
import { answer, jwtRecord, keys, now, nowMs, sign, staticRecord, verifierOf } from './setup.ts';

type Asked = Omit<Question, 'header'>;

async function judged(
  claims: JsonObject | string,
  fields: Partial<AccessTokenRecord> = {},
  asked: Asked = {},
  at = nowMs,
) {
  const record = jwtRecord(fields);
  const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, claims)}`;
  const verdict = await verifierOf([record], () => at)({ header, ...asked });
  if (verdict.valid) return 'valid';
  return verdict.claim === undefined ? verdict.reason : `${verdict.reason} ${verdict.claim}`;
}

async function verdictOn(claims: JsonObject | string, fields: Partial<AccessTokenRecord> = {}) {
  const record = jwtRecord(fields);
  const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, claims)}`;
  return await verifierOf([record])({ header });
}

const exp = now + 60;

describe('exp', () => {
  test.each<[string, string, string]>([
    ['2^53 - 1', '9007199254740991', 'valid'],
    ['written with an exponent', '2e9', 'valid'],
    ['2^53', '9007199254740992', 'valid'],
    ['the largest of 64 bits', '9223372036854775807', 'valid'],
    ['1e308', '1e308', 'valid'],
    ['1e400, which reads as Infinity', '1e400', 'MALFORMED_CLAIM exp'],
    ['-1e999', '-1e999', 'MALFORMED_CLAIM exp'],
    ['a fraction', `${exp}.5`, 'valid'],
    ['text', `"${exp}"`, 'MALFORMED_CLAIM exp'],
    ['a date', '"2099-01-01T00:00:00Z"', 'MALFORMED_CLAIM exp'],
    ['null', 'null', 'JWT_MISSING_EXP'],
    ['true', 'true', 'MALFORMED_CLAIM exp'],
    ['a list', `[${exp}]`, 'MALFORMED_CLAIM exp'],
    ['an object', '{}', 'MALFORMED_CLAIM exp'],
    ['negative', '-1', 'MALFORMED_CLAIM exp'],
    ['0', '0', 'MALFORMED_CLAIM exp'],
    ['-0', '-0', 'MALFORMED_CLAIM exp'],
    ['below 1', '0.9999', 'MALFORMED_CLAIM exp'],
    ['1', '1', 'EXPIRED'],
  ])('%s', async (_, text, reason) => expect(await judged(`{"exp":${text}}`)).toBe(reason));
  test('missing', async () => expect(await judged({ sub: 'ann' })).toBe('JWT_MISSING_EXP'));
  test('valid until the millisecond before it, then expired', async () => {
    expect(await judged({ exp }, {}, {}, exp * 1000 - 1)).toBe('valid');
    expect(await judged({ exp }, {}, {}, exp * 1000)).toBe('EXPIRED');
  });
  test('a fraction is rounded down', async () => {
    expect(await judged({ exp: exp + 0.999 }, {}, {}, exp * 1000 - 1)).toBe('valid');
    expect(await judged({ exp: exp + 0.999 }, {}, {}, exp * 1000)).toBe('EXPIRED');
    const { identity } = await verdictOn({ exp: exp + 0.999 });
    expect(identity).toMatchObject({ exp, claims: { exp: exp + 0.999 } });
  });
  test.each(['9007199254740991', '9007199254740992', '9223372036854775807', '1e308'])(
    'from 2^53 on it is reported as 2^53 - 1: %s',
    async text => {
      const { identity } = await verdictOn(`{"exp":${text}}`);
      expect(identity?.exp).toBe(2 ** 53 - 1);
    },
  );
});

describe('nbf and iat', () => {
  const far = now + 900;
  test.each(['nbf', 'iat'])('%s: up to 60 s in the future is skew, more is not', async name => {
    expect(await judged({ exp: far, [name]: now + 60 })).toBe('valid');
    expect(await judged({ exp: far, [name]: now + 61 })).toBe('NOT_YET_VALID');
    const half = { exp: far, [name]: now + 60.5 };
    expect(await judged(half, {}, {}, nowMs + 499)).toBe('NOT_YET_VALID');
    expect(await judged(half, {}, {}, nowMs + 500)).toBe('valid');
  });
  test.each(['nbf', 'iat'])('%s may be any finite number', async name => {
    for (const value of ['0', '-1', '-0.5', '-1e308', '1e-7']) {
      expect(await judged(`{"exp":${exp},"${name}":${value}}`)).toBe('valid');
    }
    for (const value of ['9223372036854775807', '1e300']) {
      expect(await judged(`{"exp":${exp},"${name}":${value}}`)).toBe('NOT_YET_VALID');
    }
  });
  test.each(['nbf', 'iat'])('%s of a wrong type', async name => {
    for (const value of ['"1"', 'true', '[]', '{}', '1e999', '-1e400']) {
      expect(await judged(`{"exp":${exp},"${name}":${value}}`)).toBe(`MALFORMED_CLAIM ${name}`);
    }
  });
});

describe('sub and jti', () => {
  test.each([
    ['7', '7'],
    ['-7', '-7'],
    ['7.0', '7'],
    ['1e3', '1000'],
    ['9007199254740991', '9007199254740991'],
    ['"7"', '7'],
    ['""', ''],
    ['null', ''],
  ])('%s counts as the text %j', async (written, text) => {
    const { valid, identity } = await verdictOn(`{"exp":${exp},"sub":${written},"jti":${written}}`);
    expect(valid).toBe(true);
    expect(identity).toMatchObject({ subject: text, jti: text });
    expect(identity?.claims?.sub).toEqual(JSON.parse(written));
  });
  test.each(['sub', 'jti'])('%s of a wrong type', async name => {
    for (const value of ['1.5', '9007199254740992', '1e999', 'true', '{}', '[]', '["a"]']) {
      expect(await judged(`{"exp":${exp},"${name}":${value}}`)).toBe(`MALFORMED_CLAIM ${name}`);
    }
  });
});

test.each(['scope', 'aud'])('%s of a wrong type', async name => {
  for (const value of [1, true, {}, [1], [null], ['x', 1], [['x']]]) {
    expect(await judged({ exp, [name]: value })).toBe(`MALFORMED_CLAIM ${name}`);
  }
});

test('null counts as absent', async () => {
  const none = { nbf: null, iat: null, sub: null, jti: null, scope: null, aud: null };
  const { valid, identity } = await verdictOn({ exp, ...none });
  expect(valid).toBe(true);
  const empty = { subject: '', jti: '', scopes: ['a', 'b'] };
  expect(identity).toMatchObject({ ...empty, claims: { exp, ...none } });
  expect(await judged({ exp, iat: null }, { revokedJwts: { issuedBefore: 1 } })).toBe('REVOKED');
  expect(await judged({ exp, aud: null }, { audiences: ['a'] })).toBe('WRONG_AUDIENCE');
  expect(await judged({ exp, aud: null }, {}, { audience: 'a' })).toBe('WRONG_AUDIENCE');
});

test('claims are handed back as they were, integers beyond 2^53 as text', async () => {
  const more = '"n":12345678901234567890,"f":0.1,"deep":[{"id":-9007199254740993}],"none":null';
  const { identity } = await verdictOn(`{"exp":${exp},${more}}`);
  const deep = [{ id: '-9007199254740993' }];
  expect(identity?.claims).toEqual({ exp, n: '12345678901234567890', f: 0.1, deep, none: null });
});

test('the text names the claim, but nothing that the signer chose', async () => {
  const twice = `{"exp":${exp},"secret":1,"secret":2}`;
  for (const claims of [twice, '{"exp":1,"a":"\\ud800"}', '[]', 'x', '{"exp":2e9,"b":1e999}']) {
    const verdict = (await verdictOn(claims)) as Denied;
    expect(textOf(verdict)).toBe('jwt token has malformed claims');
    expect(verdict.identity?.claims).toBeUndefined();
  }
  const verdict = (await verdictOn({ exp, nbf: 'secret' })) as Denied;
  expect(textOf(verdict)).toBe("jwt token has a malformed 'nbf' claim");
});

describe('longest lifetime of the access token', () => {
  const fields = { jwtLifetimeMaxSeconds: 100 };
  test.each<[string, JsonObject, string]>([
    ['from iat to exp, exactly', { iat: now - 50, exp: now + 50 }, 'valid'],
    ['a second more', { iat: now - 50, exp: now + 51 }, 'MALFORMED_CLAIM exp'],
    ['without iat, from now', { exp: now + 100 }, 'valid'],
    ['without iat, a second more', { exp: now + 101 }, 'MALFORMED_CLAIM exp'],
    [
      'iat in the future does not stretch it',
      { iat: now + 3600, exp: now + 3700 },
      'NOT_YET_VALID',
    ],
    ['far away', { exp: 2 ** 53 - 1 }, 'MALFORMED_CLAIM exp'],
  ])('%s', async (_, claims, reason) => expect(await judged(claims, fields)).toBe(reason));
  test('a refusal that time alone can end is not cached by those who watch', async () => {
    const ttlOf = async (claims: JsonObject) => (await verdictOn(claims, fields)).watchedTtlMs;
    expect(await ttlOf({ exp: now + 101 })).toBe(0);
    expect(await ttlOf({ exp: now + 101, iat: null })).toBe(0);
    expect(await ttlOf({ exp: now + 101, iat: now })).toBeGreaterThan(90_000);
  });
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
    expect(await scopesOf({ scope: ['b'] })).toEqual(['b']);
    expect(await scopesOf({ scope: [] })).toEqual([]);
    expect(await scopesOf({ scope: null })).toEqual(['a', 'b']);
  });
  test('and never widens them', async () => {
    expect(await scopesOf({ scope: 'usher.admin b' })).toEqual(['b']);
    expect(await scopesOf({ scope: 'A' })).toEqual([]);
    expect(await scopesOf({ scope: ['usher.admin', 'a b', '', 'b'] })).toEqual(['b']);
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

describe.each([true, false])('revocation (hashes with a key: %s)', isKeyed => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const keyed = isKeyed ? { key: makeHashKey(keys, id) } : {};
  const claimHash = (of: string, value: string) =>
    claimHashes(keys, { id: of, revokedJwts: keyed }, value)[0] as string;
  test('of one jti', async () => {
    const fields = { id, revokedJwts: { ...keyed, ids: { [claimHash(id, 'j1')]: 1 } } };
    expect(await judged({ exp, jti: 'j1' }, fields)).toBe('REVOKED');
    expect(await judged({ exp, jti: 'j2' }, fields)).toBe('valid');
    expect(await judged({ exp }, fields)).toBe('valid');
    expect(await judged({ exp, jti: '__proto__' }, fields)).toBe('valid');
  });
  test('of a subject, until now', async () => {
    const fields = { id, revokedJwts: { ...keyed, subjects: { [claimHash(id, 'ann')]: nowMs } } };
    expect(await judged({ exp, sub: 'ann', iat: now - 1 }, fields)).toBe('REVOKED');
    expect(await judged({ exp, sub: 'ann', iat: now }, fields)).toBe('valid');
    expect(await judged({ exp, sub: 'bob', iat: now - 1 }, fields)).toBe('valid');
  });
  test('of a number, by its decimal text', async () => {
    const subjects = { [claimHash(id, '42')]: nowMs };
    const ids = { [claimHash(id, '7')]: 1 };
    const fields = { id, revokedJwts: { ...keyed, ids, subjects } };
    expect(await judged({ exp, sub: 42, iat: now - 1 }, fields)).toBe('REVOKED');
    expect(await judged({ exp, sub: 43, iat: now - 1, jti: 7 }, fields)).toBe('REVOKED');
    expect(await judged({ exp, sub: 43, iat: now - 1, jti: 8 }, fields)).toBe('valid');
  });
  test('of all issued before a time, to the millisecond', async () => {
    const fields = { revokedJwts: { issuedBefore: nowMs } };
    expect(await judged({ exp, iat: now - 0.001 }, fields)).toBe('REVOKED');
    expect(await judged({ exp, iat: now }, fields)).toBe('valid');
  });
  test('one without iat was issued before any time', async () => {
    expect(await judged({ exp }, { revokedJwts: { issuedBefore: 1 } })).toBe('REVOKED');
    const subjects = { [claimHash(id, 'ann')]: 1 };
    expect(await judged({ exp, sub: 'ann' }, { id, revokedJwts: { ...keyed, subjects } })).toBe(
      'REVOKED',
    );
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
    ['JWT_MISSING_EXP', { nbf: now + 99, sub: {} }, { expiresAt: 1, revokedAt: 1 }],
    ['MALFORMED_CLAIM sub', { exp: 1, nbf: now + 99, sub: {} }, { expiresAt: 1, revokedAt: 1 }],
    ['NOT_YET_VALID', { exp: 1, nbf: now + 99 }, { expiresAt: 1, revokedAt: 1 }],
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
    const told = [...new Set(steps.map(([reason]) => reason.split(' ')[0]))].slice(0, -1);
    expect(Object.keys(reasons).filter(reason => told.includes(reason))).toEqual(told);
  });
});

test('the identity is revealed after the signature check', async () => {
  const known = await verdictOn({ exp: 1, sub: 'ann' }, { owner: 'team' });
  expect(known.identity).toMatchObject({ owner: 'team', subject: 'ann', kind: 'jwt' });
  const malformed = await verdictOn({ exp: 'x', sub: 'ann' }, { owner: 'team' });
  expect(malformed.identity).toMatchObject({ owner: 'team', subject: '', kind: 'jwt' });
});

describe('the hash of a revoked name', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const other = id.replace('0', '1');
  const [plain = ''] = claimHashes(keys, { id }, 'ann');
  const key = makeHashKey(keys, id);
  const [named = ''] = claimHashes(keys, { id, revokedJwts: { key } }, 'ann');

  test('says nothing of another access token', () => {
    expect(claimHashes(keys, { id: other }, 'ann')).not.toContain(plain);
    const again = { id, revokedJwts: { key: makeHashKey(keys, id) } };
    expect(claimHashes(keys, again, 'ann')[0]).not.toBe(named);
  });
  test('made without a key still counts, beside new ones', async () => {
    const revokedJwts = { key, subjects: { [plain]: nowMs } };
    expect(await judged({ exp, sub: 'ann', iat: now - 1 }, { id, revokedJwts })).toBe('REVOKED');
    const both = { key, ids: { [plain]: 1, [named]: 1 } };
    expect(await judged({ exp, jti: 'ann' }, { id, revokedJwts: both })).toBe('REVOKED');
  });
  test('under a master key that is not listed makes the verdict unavailable', async () => {
    const revokedJwts = { key: { ...key, masterKeyId: 'gone' }, ids: { [named]: 1 } };
    await expect(judged({ exp, jti: 'ann' }, { id, revokedJwts })).rejects.toThrow(
      'cannot be read',
    );
    const moved = { id: other, revokedJwts: { key, ids: { [named]: 1 } } };
    await expect(judged({ exp, jti: 'ann' }, moved)).rejects.toThrow('cannot be read');
  });
});
