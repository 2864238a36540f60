/** What an explanation says of the record, its secret and times, in the words that administrators read. */

import { describe, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import type { CoherentReader, Found } from '../../src/store/store.ts';
import { createExplain } from '../../src/verify/explain.ts';
import { createProve } from '../../src/verify/prove.ts';
import { claimHashes } from '../../src/verify/revoked-jwts.ts';
import type { Question } from '../../src/verify/verify.ts';
import { unlimited } from '../limiting/setup.ts';
import { defaultLimits, roomy } from '../limits.ts';
import { jwtRecord, keys, now, nowMs, secretKey, sign, staticRecord } from './setup.ts';

/** A reader whose look-ups take a turn, or not. */
interface From {
  isCached?: boolean;
  stale?: boolean;
  ageMs?: number;
}

async function lines(
  header: string,
  record: AccessTokenRecord | undefined,
  { isCached = true, stale = false, ageMs }: From = {},
  isVisible = true,
  asked: Omit<Question, 'header'> = {},
): Promise<string[]> {
  const found: Found = { record, stale };
  const records: CoherentReader = {
    find: () => (isCached ? found : Promise.resolve(found)),
    isCurrent: () => true,
    ...(ageMs !== undefined && { ageMs: () => ageMs }),
  };
  const explain = createExplain({
    ...{ records, keys, prove: createProve(keys, roomy), findImported: async () => undefined },
    ...{ now: () => nowMs, limits: defaultLimits.verify, tokenLimits: unlimited },
  });
  const { steps } = await explain({ header, ...asked }, () => isVisible);
  return steps.map(({ check, passed, detail }) => `${passed ? '+' : '-'} ${check}: ${detail}`);
}

const jwtOf = ({ id }: AccessTokenRecord, claims: object = { exp: now + 60 }, key = secretKey) =>
  `Bearer ${sign({ alg: 'HS256', kid: id }, { ...claims }, key)}`;
const lineOf = (all: string[], check: string) => all.filter(line => line.includes(` ${check}: `));

describe('the record', () => {
  const { record, token } = staticRecord({ revision: 7 });
  const recordLine = async (from: From) => lineOf(await lines(token, record, from), 'access token');

  test('from the cache, with the time since the store confirmed it', async () => {
    expect(await recordLine({ ageMs: 12.4 })).toEqual([
      `+ access token: ${record.id}, kind static, revision 7, from the cache, which the store confirmed 12 ms ago`,
    ]);
  });
  test.each<[string, From]>([
    ['that was read', { isCached: false, ageMs: 12 }],
    ['without a cache', { isCached: true }],
  ])('from the store: %s', async (_, from) => {
    expect(await recordLine(from)).toEqual([
      `+ access token: ${record.id}, kind static, revision 7, from the store`,
    ]);
  });
  test('from the cache, when the store cannot be reached', async () => {
    expect((await recordLine({ stale: true, ageMs: 9 }))[0]).toMatch(
      /, from the cache, since the store cannot be reached$/,
    );
  });
  test('of the other kind', async () => {
    const jwt = jwtRecord();
    expect((await lines(jwtOf(record), record)).at(-1)).toBe(
      `- access token: ${record.id}, kind static, which no JWT is of, revision 7, from the store`,
    );
    const { token: other } = staticRecord({ id: jwt.id });
    expect((await lines(other, jwt)).at(-1)).toBe(
      `- access token: ${jwt.id}, kind jwt, which no token is of, revision 1, from the store`,
    );
  });
  test.each([
    ['that there is not', undefined, true],
    ['that the caller may not see', record, false],
  ])('%s', async (_, known, isVisible) => {
    const all = await lines(token, known, {}, isVisible);
    expect(all.at(-1)).toBe('- access token: there is none with this id');
    expect(all).toHaveLength(3);
  });
});

describe('the secret', () => {
  const secretOf = (key: string, id: string, goodUntil?: number) => ({
    ...{ ...keys.seal(key, id), createdAt: 1 },
    ...(goodUntil !== undefined && { goodUntil }),
  });
  const old = 'usk_of_a_secret_before_the_last_rotation_000000';
  const rotated = (goodUntil: number) => {
    const record = jwtRecord();
    return { ...record, secrets: [...record.secrets, secretOf(old, record.id, goodUntil)] };
  };

  test('the current one', async () => {
    const { record, token } = staticRecord();
    const [line] = lineOf(await lines(token, record), 'secret');
    expect(line).toBe('+ secret: the token is of the current secret');
  });
  test('the previous one, in its grace', async () => {
    const record = rotated(nowMs + 1000);
    const [line] = lineOf(await lines(jwtOf(record, undefined, old), record), 'secret');
    expect(line).toBe(
      '+ secret: the signature is of the previous secret, until 2023-11-14T22:13:21.000Z',
    );
  });
  test.each([
    ['whose grace is over', old, nowMs, 'of the previous secret, whose grace is over'],
    ['of neither', `${old}x`, nowMs, 'neither of the current nor of a previous secret'],
    ['of neither, in the grace', `${old}x`, nowMs + 1, 'neither of the current nor of a previous'],
  ])('the previous one, %s', async (_, key, goodUntil, text) => {
    const record = rotated(goodUntil);
    const all = await lines(jwtOf(record, undefined, key), record);
    expect(all.at(-1)).toContain(`- secret: the signature is ${text}`);
  });
});

describe('times', () => {
  test('one that no date can hold', async () => {
    const record = jwtRecord();
    const [line] = lineOf(await lines(jwtOf(record, { exp: 2 ** 53 - 1 }), record), 'time');
    expect(line).toBe(
      '+ time: exp is 9007199254740991 s after 1970, now is 2023-11-14T22:13:20.000Z',
    );
  });
  test('a lifetime counts from iat', async () => {
    const record = jwtRecord({ jwtLifetimeMaxSeconds: 70 });
    const claims = { exp: now + 60, iat: now - 10 };
    const seen = async (some: object) =>
      lineOf(await lines(jwtOf(record, { ...claims, ...some }), record), 'claims').at(-1);
    expect(await seen({})).toBe('+ claims: exp is 70 s after iat; 70 s are allowed');
    expect(await seen({ iat: now - 11 })).toBe('- claims: exp is 71 s after iat; 70 s are allowed');
  });
  test.each(['nbf', 'iat'])('%s in the future', async name => {
    const record = jwtRecord();
    const all = await lines(jwtOf(record, { exp: now + 900, [name]: now + 120 }), record);
    expect(all.at(-1)).toBe(
      `- time: ${name} is 2023-11-14T22:15:20.000Z, now is 2023-11-14T22:13:20.000Z`,
    );
  });
  test.each([
    [nowMs, '- time: the access token expired at 2023-11-14T22:13:20.000Z'],
    [nowMs + 1000, '+ time: the access token expires at 2023-11-14T22:13:21.000Z'],
    [undefined, '+ time: the access token never expires'],
  ])('the end of the access token at %s', async (expiresAt, line) => {
    const { record, token } = staticRecord(expiresAt === undefined ? {} : { expiresAt });
    expect(lineOf(await lines(token, record), 'time')).toEqual([line]);
  });
  test('a revocation of the access token', async () => {
    const { record, token } = staticRecord({ revokedAt: nowMs - 1000 });
    expect((await lines(token, record)).at(-1)).toBe(
      '- revocation: the access token was revoked at 2023-11-14T22:13:19.000Z',
    );
  });
});

test('claims that are no numbers JSON can hold', async () => {
  const record = jwtRecord();
  const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, `{"exp":${now + 60},"a":1e999}`)}`;
  expect((await lines(header, record)).at(-1)).toBe(
    '- claims: jwt token has malformed claims: a number that is not finite',
  );
});

describe('what was asked', () => {
  const limited = jwtRecord({ audiences: ['x', 'y'] });
  const lastOf = async (record: AccessTokenRecord, claims: object, asked = {}) =>
    (await lines(jwtOf(record, { exp: now + 60, ...claims }), record, {}, true, asked)).at(-1);

  test('nothing, of an access token that allows any audience', async () => {
    const record = jwtRecord();
    const all = await lines(jwtOf(record), record);
    expect(all.slice(-2)).toEqual([
      '+ audience: none is required; the access token allows any',
      '+ scopes: 0 scopes required, 2 held',
    ]);
  });
  test('an audience that the access token allows', async () => {
    const header = jwtOf(limited, { exp: now + 60, aud: 'x' });
    const all = await lines(header, limited, {}, true, { audience: 'x' });
    expect(lineOf(all, 'audience')).toEqual([
      '+ audience: aud names the required one; the access token allows all of aud',
    ]);
  });
  test('an audience that aud does not name', async () => {
    expect(await lastOf(limited, { aud: 'x' }, { audience: 'y' })).toBe(
      '- audience: aud does not name the required audience',
    );
  });
  test('none, where aud is missing or names one that is not allowed', async () => {
    const text = '- audience: aud is missing, or names one that the access token does not allow';
    expect(await lastOf(limited, {})).toBe(text);
    expect(await lastOf(limited, { aud: ['x', 'z'] })).toBe(text);
  });
  test('scopes that it lacks', async () => {
    const asked = { requiredScopes: ['a', 'c', 'd'] };
    expect(await lastOf(jwtRecord(), {}, asked)).toBe(
      '- scopes: 3 scopes required, 2 held; lacking: c d',
    );
  });
});

test('by what a JWT is revoked', async () => {
  const record = jwtRecord();
  const id = claimHashes(keys, record, 'j')[0] as string;
  const revoked = { ...record, revokedJwts: { ids: { [id]: 1 } } };
  const claims = { exp: now + 60, jti: 'j' };
  expect((await lines(jwtOf(record, claims), revoked)).at(-1)).toBe(
    '- revocation: this JWT is revoked, by its jti',
  );
  expect(lineOf(await lines(jwtOf(record, { exp: now + 60 }), revoked), 'revocation').at(-1)).toBe(
    '+ revocation: this JWT is not revoked',
  );
});

test('a token that nobody imported', async () => {
  expect((await lines('an-opaque-token-of-another-system', undefined)).slice(1)).toEqual([
    '+ form: neither a JWT nor a token of Usher, so it can be an imported one',
    '- access token: it was not imported',
  ]);
});
