/** Forged JWTs, one test each. In some, the attacker has the real secret of the access token. */

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/store/record.ts';
import { answer, jwtRecord, now, part, secretKey, sign, signed, staticRecord } from './setup.ts';

const record = jwtRecord();
const other = staticRecord();
const kid = record.id;
const header = { alg: 'HS256', typ: 'JWT', kid };
const payload = { sub: 'ann', exp: now + 60 };
const good = sign(header, payload);
const [head = '', body = '', signature = ''] = good.split('.');
const ask = (jwt: string) => answer([record, other.record], { header: `Bearer ${jwt}` });
const wrongKey = 'usk_another-secret-of-more-than-thirty-two-bytes';

test('the JWT that the attacks vary is valid', async () => expect(await ask(good)).toBe('valid'));

/** The JWTs are signed with the right key, so that only the rule under test can refuse them. */
function refuses(cases: [name: string, header: string | JsonObject][]) {
  test.each(cases)('%s', async (_, hostile) => {
    expect(await ask(sign(hostile, payload))).toBe('INVALID_TOKEN');
  });
}

/** The same for claims, whose faults are told only to the holder of the right key. */
function refusesClaims(cases: [name: string, payload: string | JsonObject][]) {
  test.each(cases)('%s', async (_, claims) => {
    expect(await ask(sign(header, claims))).toBe('MALFORMED_CLAIM');
    expect(await ask(sign(header, claims, wrongKey))).toBe('INVALID_TOKEN');
  });
}

describe('algorithm', () => {
  refuses(
    [
      'none',
      'None',
      'nOnE',
      'NONE',
      '',
      'hs256',
      'HS384',
      'HS512',
      'RS256',
      'ES256',
      'PS256',
      'EdDSA',
    ].map(alg => [`alg ${JSON.stringify(alg)} with a right HS256 signature`, { ...header, alg }]),
  );
  refuses([
    ['alg missing', { typ: 'JWT', kid }],
    ['alg null', { ...header, alg: null }],
    ['alg as a list', { ...header, alg: ['HS256'] }],
    ['alg as an object', { ...header, alg: { name: 'HS256' } }],
    ['alg with a space', { ...header, alg: 'HS256 ' }],
    ['alg by __proto__', `{"__proto__":{"alg":"HS256"},"kid":"${kid}"}`],
  ]);
  test('alg none without a signature', async () => {
    expect(await ask(`${part({ ...header, alg: 'none' })}.${body}.`)).toBe('INVALID_TOKEN');
  });
  test('signed with the public key of an RSA pair as HMAC secret', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await ask(sign(header, payload, pem))).toBe('INVALID_TOKEN');
    expect(await ask(sign({ ...header, alg: 'RS256' }, payload, pem))).toBe('INVALID_TOKEN');
  });
});

describe('key', () => {
  test.each([
    ['an empty secret', ''],
    ['the kid as secret', kid],
    ['the secret in base64', Buffer.from(secretKey).toString('base64')],
    ['another secret', wrongKey],
    ['the sealed secret', record.secrets[0]?.value ?? ''],
  ])('signed with %s', async (_, key) => {
    expect(await ask(sign(header, payload, key))).toBe('INVALID_TOKEN');
  });
  test('the secret of another access token', async () => {
    const mine = jwtRecord();
    const theirs = jwtRecord({ secrets: [] });
    const jwt = sign({ ...header, kid: theirs.id }, payload);
    expect(await answer([mine, theirs], { header: `Bearer ${jwt}` })).toBe('INVALID_TOKEN');
  });
});

describe('kid', () => {
  test('a missing kid is reported before the signature is checked', async () => {
    for (const key of [undefined, wrongKey]) {
      const jwt = sign({ alg: 'HS256', typ: 'JWT' }, payload, key);
      expect(await ask(jwt)).toBe('JWT_MISSING_KID');
    }
  });
  test('in the payload only', async () => {
    expect(await ask(sign({ alg: 'HS256' }, { ...payload, kid }))).toBe('JWT_MISSING_KID');
  });
  test('by __proto__ only', async () => {
    const hostile = `{"alg":"HS256","__proto__":{"kid":"${kid}"}}`;
    expect(await ask(sign(hostile, payload))).toBe('JWT_MISSING_KID');
  });
  test('named in another case', async () => {
    expect(await ask(sign({ alg: 'HS256', KID: kid }, payload))).toBe('JWT_MISSING_KID');
  });
  test('in upper case', async () => {
    expect(await ask(sign({ ...header, kid: kid.toUpperCase() }, payload))).toBe('valid');
  });
  const strange: unknown[] = [
    '',
    null,
    0,
    1,
    true,
    [kid],
    { kid },
    '../../x',
    '../../../dev/null',
    "' OR 1=1 --",
    '; DROP TABLE tokens',
    'usher:token:*',
    '*',
    `${kid}\0`,
    `${kid}\n`,
    ` ${kid}`,
    `${kid} `,
    '__proto__',
    'constructor',
    'toString',
    kid.replace(/-/g, ''),
    `{${kid}}`,
    `urn:uuid:${kid}`,
    kid.replace('-', '\u2010'),
    `\uff10${kid.slice(1)}`,
    randomUUID(),
    '00000000-0000-0000-0000-000000000000',
    other.record.id,
  ];
  refuses(strange.map(kid => [JSON.stringify(kid), { ...header, kid: kid as string }]));
  refuses([['4 kB', { ...header, kid: 'a'.repeat(4000) }]]);
  test('10 kB: the header is over the limit', async () => {
    const jwt = sign({ ...header, kid: 'a'.repeat(10_000) }, payload);
    expect(await ask(jwt)).toBe('MALFORMED_CREDENTIALS');
  });
});

describe('header parameters that supply a key, or change what is signed', () => {
  const jwk = { kty: 'oct', k: part(wrongKey) };
  refuses([
    ['jwk', { ...header, jwk }],
    ['jku', { ...header, jku: 'https://evil.test/keys' }],
    ['x5u', { ...header, x5u: 'https://evil.test/cert' }],
    ['x5c', { ...header, x5c: ['MII'] }],
    ['x5t', { ...header, x5t: 'x' }],
    ['x5t#S256', { ...header, 'x5t#S256': 'x' }],
    ['jwk null', { ...header, jwk: null }],
    ['crit unknown', { ...header, crit: ['exp'], exp: 1 }],
    ['crit empty', { ...header, crit: [] }],
    ['crit naming itself', { ...header, crit: ['crit'] }],
    ['crit b64 true', { ...header, crit: ['b64'], b64: true }],
    ['crit b64 false', { ...header, crit: ['b64'], b64: false }],
    ['b64 false without crit', { ...header, b64: false }],
    ['zip', { ...header, zip: 'DEF' }],
    ['typ of another kind of token', { ...header, typ: 'dpop+jwt' }],
    ['typ a number', { ...header, typ: 1 }],
    ['typ null', { ...header, typ: null }],
  ]);
  test('jwk with a signature of that key', async () => {
    expect(await ask(sign({ ...header, jwk }, payload, wrongKey))).toBe('INVALID_TOKEN');
  });
  test('typ JWT in any case, at+jwt, and no typ are accepted', async () => {
    for (const typ of ['jwt', 'JWT', 'at+jwt', 'application/at+jwt']) {
      expect(await ask(sign({ ...header, typ }, payload))).toBe('valid');
    }
    expect(await ask(sign({ alg: 'HS256', kid }, payload))).toBe('valid');
  });
});

describe('a token has only one encoding', () => {
  const last = signature.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const stray = alphabet[alphabet.indexOf(last) + 1];
  test.each([
    [
      'stray bits in the signature',
      `${head}.${body}.${signature.slice(0, -1)}${stray}`,
      'INVALID_TOKEN',
    ],
    ['padding after the signature', `${good}=`, 'INVALID_TOKEN'],
    ['a signature cut short', good.slice(0, -1), 'INVALID_TOKEN'],
    ['no signature', `${head}.${body}.`, 'INVALID_TOKEN'],
    ['two parts', `${head}.${body}`, 'INVALID_TOKEN'],
    ['four parts', `${good}.`, 'INVALID_TOKEN'],
    ['five parts', `${head}..${body}.${signature}.x`, 'INVALID_TOKEN'],
    ['no header', `.${body}.${signature}`, 'INVALID_TOKEN'],
    ['a comma inside', `${head},${body}.${signature}`, 'MALFORMED_CREDENTIALS'],
    ['a space inside', `${head}. ${body}.${signature}`, 'MALFORMED_CREDENTIALS'],
    ['a line end inside', `${head}.\n${body}.${signature}`, 'MALFORMED_CREDENTIALS'],
    ['a line end behind', `${good}\n`, 'MALFORMED_CREDENTIALS'],
    ['NUL inside', `${head}.${body}\0.${signature}`, 'MALFORMED_CREDENTIALS'],
    ['padding inside', `${head}=.${body}.${signature}`, 'INVALID_TOKEN'],
    ['JSON serialisation', `{"payload":"${body}","protected":"${head}"}`, 'MALFORMED_CREDENTIALS'],
  ])('%s', async (_, jwt, reason) => expect(await ask(jwt)).toBe(reason));
  test('an empty payload', async () => expect(await ask(signed(`${head}.`))).toBe('INVALID_TOKEN'));
  test('the alphabet of plain base64', async () => {
    const claims = { ...payload, jti: 'ÿÿÿ>>>???' };
    const plain = Buffer.from(JSON.stringify(claims)).toString('base64').replace(/=+$/, '');
    expect(plain).toMatch(/[+/]/);
    expect(await ask(signed(`${head}.${plain}`))).toBe('INVALID_TOKEN');
  });
  test('stray bits in the payload, with a valid signature', async () => {
    const text = JSON.stringify({ ...payload, jti: '12' });
    const spelled = [part(text), part(`${text} `), part(`${text}  `)].find(b => b.length % 4 === 2);
    expect(spelled?.length).toBeGreaterThan(0);
    const bent = `${spelled?.slice(0, -1)}${alphabet[alphabet.indexOf(spelled?.at(-1) ?? '') + 1]}`;
    expect(await ask(signed(`${head}.${spelled}`))).toBe('valid');
    expect(await ask(signed(`${head}.${bent}`))).toBe('INVALID_TOKEN');
  });
});

describe('JSON that parsers disagree on', () => {
  const exp = payload.exp;
  refuses([
    ['alg twice', `{"alg":"none","alg":"HS256","kid":"${kid}"}`],
    ['kid twice', `{"alg":"HS256","kid":"x","kid":"${kid}"}`],
    ['kid twice, once escaped', `{"alg":"HS256","\\u006bid":"x","kid":"${kid}"}`],
    ['a byte order mark before the header', `\ufeff${JSON.stringify(header)}`],
    ['a header of depth 5', { ...header, a: [[[[1]]]] }],
    ['a list for a header', `["HS256","${kid}"]`],
    ['a header null', 'null'],
    ['a header of text', '"HS256"'],
  ]);
  refusesClaims([
    ['exp twice', `{"exp":1,"exp":${exp}}`],
    ['exp twice, once escaped', `{"\\u0065xp":1,"exp":${exp}}`],
    ['a private claim twice', `{"exp":${exp},"role":"user","role":"admin"}`],
    ['a name twice inside a claim', `{"exp":${exp},"a":[{"b":1,"b":2}]}`],
    ['a byte order mark before the payload', `\ufeff${JSON.stringify(payload)}`],
    ['text after the payload', `${JSON.stringify(payload)}{}`],
    ['a comment', `{"exp":${exp}/**/}`],
    ['a trailing comma', `{"exp":${exp},}`],
    ['NaN', `{"exp":${exp},"a":NaN}`],
    ['1e999 in a private claim', `{"exp":${exp},"a":1e999}`],
    ['half a surrogate pair', `{"exp":${exp},"a":"\\ud800"}`],
    ['half a surrogate pair in a name', `{"exp":${exp},"\\udc00":1}`],
    ['claims of depth 33', `{"exp":${exp},"a":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['claims of depth 2500', `{"exp":${exp},"a":${'['.repeat(2500)}${']'.repeat(2500)}}`],
    ['a payload list', '[1]'],
    ['a payload number', '1'],
    ['a payload null', 'null'],
    ['a payload of text', '"exp"'],
    ['a payload that is a JWT', good],
    ['a payload that is not JSON', 'exp=1'],
  ]);
  test('invalid UTF-8 in header or payload', async () => {
    const bytes = (text: string) =>
      Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0x22, 0x7d])]);
    const brokenHeader = bytes(`{"alg":"HS256","kid":"${kid}","a":"`);
    expect(await ask(sign(brokenHeader, payload))).toBe('INVALID_TOKEN');
    expect(await ask(sign(header, bytes(`{"exp":${exp},"a":"`)))).toBe('MALFORMED_CLAIM');
  });
  test('claims of depth 32 are accepted, and __proto__ is an ordinary claim', async () => {
    const deep = `{"exp":${exp},"a":${'['.repeat(31)}${']'.repeat(31)}}`;
    expect(await ask(sign(header, deep))).toBe('valid');
    expect(await ask(sign(header, `{"exp":${exp},"__proto__":{"sub":"root"}}`))).toBe('valid');
  });
  test('exp, sub and scope inside __proto__ are ignored', async () => {
    const hostile = `{"__proto__":{"exp":${exp}}}`;
    expect(await ask(sign(header, hostile))).toBe('JWT_MISSING_EXP');
  });
});

describe('reasons about claims are given only for a valid signature', () => {
  test.each<[string, string | JsonObject, string]>([
    ['no exp', {}, 'JWT_MISSING_EXP'],
    ['expired', { exp: 1 }, 'EXPIRED'],
    ['not yet valid', { exp: now + 600, nbf: now + 300 }, 'NOT_YET_VALID'],
    ['issued in the future', { exp: now + 600, iat: now + 300 }, 'NOT_YET_VALID'],
    ['a payload that is not JSON', 'x', 'MALFORMED_CLAIM'],
    ['a claim of a wrong type', { exp: 'x' }, 'MALFORMED_CLAIM'],
  ])('%s', async (_, claims, reason) => {
    expect(await ask(sign(header, claims))).toBe(reason);
    expect(await ask(sign(header, claims, wrongKey))).toBe('INVALID_TOKEN');
    expect(await ask(sign({ ...header, kid: randomUUID() }, claims))).toBe('INVALID_TOKEN');
  });
  test('an access token revoked or expired, a wrong audience, a lacking scope', async () => {
    const question = { audience: 'x', requiredScopes: ['z'] };
    for (const fields of [{ revokedAt: 1 }, { expiresAt: 1 }, {}]) {
      const bad = jwtRecord(fields);
      const jwt = sign({ ...header, kid: bad.id }, payload, wrongKey);
      expect(await answer([bad], { header: `Bearer ${jwt}`, ...question })).toBe('INVALID_TOKEN');
    }
  });
});
