/** What an explanation says of the record, its secret and times, in the words that administrators read. */

import { describe, expect, test } from 'vitest';
import type { TokenLimits } from '../../src/limiting/token-limits.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import type { CoherentReader, Found } from '../../src/store/store.ts';
import { createExplain } from '../../src/verify/explain.ts';
import { jwtDigest } from '../../src/verify/jwt.ts';
import { createProve } from '../../src/verify/prove.ts';
import { claimHashes, nameByDigest } from '../../src/verify/revoked-jwts.ts';
import type { Question } from '../../src/verify/verify.ts';
import { memoryStore, replica, unlimited } from '../limiting/setup.ts';
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
  tokenLimits: TokenLimits = unlimited,
): Promise<string[]> {
  const found: Found = { record, stale };
  const records: CoherentReader = {
    find: () => (isCached ? found : Promise.resolve(found)),
    isCurrent: () => true,
    ...(ageMs !== undefined && { ageMs: () => ageMs }),
  };
  const explain = createExplain({
    ...{ records, keys, prove: createProve(keys, roomy), findImported: async () => undefined },
    ...{ now: () => nowMs, limits: defaultLimits.verify, tokenLimits },
  });
  const { steps } = await explain({ header, ...asked }, ({ id }) => isVisible && id !== '');
  return steps.map(({ check, passed, detail }) => `${passed ? '+' : '-'} ${check}: ${detail}`);
}

const jwtOf = ({ id }: AccessTokenRecord, claims: object = { exp: now + 60 }, key = secretKey) =>
  `Bearer ${sign({ alg: 'HS256', kid: id }, { ...claims }, key)}`;
const lineOf = (all: string[], check: string) => all.filter(line => line.includes(` ${check}: `));

describe('a header that is refused before any look-up', () => {
  const jwt = (header: object) => `Bearer ${sign({ ...header }, { exp: now + 60 })}`;
  const typo = `${staticRecord().token.slice(0, -1)}-`;
  const one = (header: string) => `+ header: one credential of ${header.length} characters`;

  test.each([
    ['', 'missing, or empty'],
    ['a'.repeat(9000), 'longer than USHER_HEADER_BYTES_MAX, 8192 bytes'],
    ['Bearer', 'the scheme Bearer without a token'],
    ['a, b', 'a comma, quote or other character that no token holds'],
    [jwt({ alg: 'HS256' }).slice('Bearer '.length), 'a JWT without the scheme Bearer'],
  ])('%.20j: %s', async (header, fault) => {
    expect(await lines(header, undefined)).toEqual([`- header: ${fault}`]);
  });
  test('a token of Usher with a typo', async () => {
    expect(await lines(typo, undefined)).toEqual([
      one(typo),
      '- form: a token of Usher with a wrong length or checksum, as after a typo',
    ]);
  });
  test.each<[object, string]>([
    [{ alg: 'HS256' }, "a JWT whose header has no 'kid'"],
    [{ alg: 'none', kid: 'k' }, 'a JWT, but its alg is not HS256'],
    [{ alg: 'HS256', kid: 'k' }, 'a JWT, but its kid is not a UUID'],
    [{ alg: 'HS256', kid: jwtRecord().id, typ: 'JWS' }, 'a JWT, but its typ is not JWT or at+jwt'],
    [
      { alg: 'HS256', kid: jwtRecord().id, jku: 'x' },
      'a JWT, but its header has the parameter jku',
    ],
  ])('a JWT with the header %j', async (header, fault) => {
    const all = await lines(jwt(header), undefined);
    expect(all).toEqual([one(jwt(header).slice('Bearer '.length)), `- form: ${fault}`]);
  });
  test('a JWT that is cut, or spelt in another way', async () => {
    const good = jwt({ alg: 'HS256', kid: jwtRecord().id });
    const [head, payload, signature] = good.split('.');
    expect((await lines(good.slice(0, -1), undefined)).at(-1)).toBe(
      '- form: a JWT, but its signature is not 32 bytes in base64url',
    );
    expect((await lines(`${head}.${payload}A.${signature}`, undefined)).at(-1)).toBe(
      '- form: a JWT, but its payload is not canonical base64url',
    );
  });
});

test('the steps of a valid token, from the header to the scopes', async () => {
  const { record, token } = staticRecord();
  expect(await lines(token, record, {}, true, { requiredScopes: ['a'] })).toEqual([
    `+ header: one credential of ${token.length} characters`,
    '+ form: a static token of Usher with a right checksum',
    `+ access token: ${record.id}, kind static, revision 1, from the store`,
    '+ secret: the token is of the current secret',
    '+ time: the access token never expires',
    '+ revocation: the access token is not revoked',
    '+ audience: a static token is meant for every audience',
    '+ scopes: 1 scope required, 2 held',
  ]);
});

test('a JWT: its form, and which claims were looked at', async () => {
  const record = jwtRecord();
  const all = await lines(jwtOf(record, { exp: now + 60, sub: 's', jti: null, extra: 1 }), record);
  expect(all).toContain("+ form: a JWT of HS256 with a 'kid'");
  expect(lineOf(all, 'claims')).toEqual(['+ claims: exp, sub: each is what it must be']);
});

test.each([
  ['[]', 'jwt token has malformed claims: no JSON object'],
  ['{"exp":1,"exp":2}', 'jwt token has malformed claims: a name twice'],
  ['{"exp":"1"}', "jwt token has a malformed 'exp' claim"],
])('claims that cannot be read: %s', async (claims, fault) => {
  const record = jwtRecord();
  const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, claims)}`;
  expect((await lines(header, record)).at(-1)).toBe(`- claims: ${fault}`);
});

describe('the address from which it was used', () => {
  const { record, token } = staticRecord({ allowedSources: ['192.0.2.0/24', '2001:db8::/32'] });
  const ranges = 'the access token may be used from 192.0.2.0/24, 2001:db8::/32';

  test.each([
    ['192.0.2.7', `+ source: 192.0.2.7; ${ranges}`],
    ['192.0.3.7', `- source: 192.0.3.7; ${ranges}`],
    ['', `- source: the address is not known; ${ranges}`],
    [undefined, `- source: the address is not known; ${ranges}`],
  ])('%j', async (source, line) => {
    const all = await lines(token, record, {}, true, source === undefined ? {} : { source });
    expect(lineOf(all, 'source')).toEqual([line]);
  });
  test('is no step where any will do', async () => {
    const other = staticRecord();
    expect(lineOf(await lines(other.token, other.record), 'source')).toEqual([]);
  });
});

test('what is left of the limits, which an explanation does not use up', async () => {
  const { record, token } = staticRecord({
    quota: { requests: 1, period: 'day', per: 'token' },
    rateLimit: { requests: 2, windowSeconds: 60, per: 'token' },
  });
  const { limits } = replica(memoryStore(), { now: nowMs });
  const seen = async () =>
    lineOf(await lines(token, record, {}, true, {}, limits), 'limits').join();
  const all =
    '+ limits: 2 of 2 left of the rate limit, 1 of 1 left of the quota; what this replica knows';
  expect(await seen()).toBe(all);
  expect(await seen()).toBe(all);
  limits.take(record, '', nowMs);
  expect(await seen()).toBe(
    '- limits: 1 of 2 left of the rate limit, 0 of 1 left of the quota; what this replica knows',
  );
});

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
  test('or from now, without iat', async () => {
    const record = jwtRecord({ jwtLifetimeMaxSeconds: 60 });
    expect(lineOf(await lines(jwtOf(record), record), 'claims').at(-1)).toBe(
      '+ claims: exp is 60 s after now; 60 s are allowed',
    );
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
  const before = { ...record, revokedJwts: { issuedBefore: nowMs } };
  expect((await lines(jwtOf(record, claims), before)).at(-1)).toBe(
    '- revocation: this JWT is revoked, by its time of issue',
  );
  const [subject = ''] = claimHashes(keys, record, 's');
  const ofSubject = { ...record, revokedJwts: { subjects: { [subject]: nowMs } } };
  expect((await lines(jwtOf(record, { ...claims, sub: 's' }), ofSubject)).at(-1)).toBe(
    '- revocation: this JWT is revoked, by its subject and time of issue',
  );
  const unnamed = jwtOf(record, { exp: now + 60 });
  expect(lineOf(await lines(unnamed, revoked), 'revocation').at(-1)).toBe(
    '+ revocation: this JWT is not revoked',
  );
  const digest = nameByDigest(jwtDigest(unnamed.slice('Bearer '.length)));
  const ids = { [claimHashes(keys, record, digest)[0] as string]: 1 };
  expect((await lines(unnamed, { ...record, revokedJwts: { ids } })).at(-1)).toBe(
    '- revocation: this JWT is revoked, by its digest',
  );
});

test('a text with a space, which another system may have made', async () => {
  expect((await lines('Basic dXNlcjpwYXNz', undefined)).slice(1)).toEqual([
    '+ form: a space, but no Bearer before it: another scheme, or an imported token with a space',
    '- access token: it was not imported',
  ]);
});

test('a token that nobody imported', async () => {
  expect((await lines('an-opaque-token-of-another-system', undefined)).slice(1)).toEqual([
    '+ form: neither a JWT nor a token of Usher, so it can be an imported one',
    '- access token: it was not imported',
  ]);
});
