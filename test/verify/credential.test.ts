/** Which Authorization headers are accepted, and as which kind of credential. */

import { describe, expect, test } from 'vitest';
import { isStaticToken, parseAuthorization } from '../../src/verify/credential.ts';
import { importJwtKey } from '../../src/verify/jwt.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { defaultLimits } from '../limits.ts';
import { now, part, sign } from './setup.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const token = makeStaticToken(id);
const jwt = sign({ alg: 'HS256', kid: id }, { exp: now + 60 });
const read = (header: string) => {
  const credential = parseAuthorization(header, defaultLimits.verify);
  if (typeof credential === 'string') return credential;
  if ('otherwise' in credential) return `imported, or ${credential.otherwise}`;
  return `${credential.kind} ${credential.tokenId}`;
};

describe('is a static token', () => {
  test.each([
    ['bare', token],
    ['with Bearer', `Bearer ${token}`],
    ['with the scheme in lower case', `bearer ${token}`],
    ['with the scheme in upper case', `BEARER ${token}`],
    ['with the scheme in mixed case', `bEaReR ${token}`],
    ['after several spaces', `Bearer    ${token}`],
    ['after a tab', `Bearer\t${token}`],
    ['after spaces and tabs', `Bearer \t \t${token}`],
    ['with blanks around it', ` \t${token}\t `],
    ['with blanks around scheme and token', `  Bearer ${token}  `],
  ])('%s', (_, header) => expect(read(header)).toBe(`static ${id}`));
});

describe('is a JWT', () => {
  test.each([
    ['with Bearer', `Bearer ${jwt}`],
    ['with the scheme in any case', `bEARER ${jwt}`],
    ['after blanks', `Bearer \t ${jwt} `],
  ])('%s', (_, header) => expect(read(header)).toBe(`jwt ${id}`));
});

describe('credentials are missing', () => {
  test.each([
    ['empty', ''],
    ['a space', ' '],
    ['blanks', ' \t \t'],
  ])('%s', (_, header) => expect(read(header)).toBe('MISSING_CREDENTIALS'));
});

describe('credentials are malformed', () => {
  test.each([
    ['a bare JWT', jwt],
    ['the scheme alone', 'Bearer'],
    ['the scheme and blanks', 'bearer \t '],
    ['Digest', 'Digest username="x"'],
    ['joined by a comma', `Bearer ${token},Bearer ${token}`],
    ['duplicates as HTTP joins them', `Bearer ${token}, Bearer ${token}`],
    ['bare duplicates', `${token}, ${token}`],
    ['a comma at the end', `Bearer ${token},`],
    ['a comma at the start', `,Bearer ${token}`],
    ['quotes', `Bearer "${token}"`],
    ['a line end', `Bearer ${token}\n`],
    ['a carriage return', `${token}\r`],
    ['a header injected', `Bearer ${token}\r\nX: y`],
    ['NUL', `Bearer ${token}\0`],
    ['NUL as separator', `Bearer\0${token}`],
    ['DEL', `Bearer ${token}\x7f`],
    ['a vertical tab as separator', `Bearer\v${token}`],
    ['a no-break space as separator', `Bearer\u00a0${token}`],
    ['a no-break space around', `\u00a0${token}`],
    ['a byte order mark', `\ufeff${token}`],
    ['a full-width letter', `Bearer ${token.slice(0, -1)}ａ`],
    ['a letter outside the basic plane', `Bearer ${token}😀`],
    ['half a surrogate pair', `Bearer ${token}\ud800`],
    ['a dotless i', `Bearer ${token.slice(0, -1)}ı`],
    ['a backslash', `Bearer a\\b`],
    ['a Latin-1 letter', 'Bearer é'],
  ])('%s', (_, header) => expect(read(header)).toBe('MALFORMED_CREDENTIALS'));
});

describe('is possibly an imported token', () => {
  test.each([
    ['the scheme without a blank', `Bearer:${token}`],
    ['padding inside', `Bearer ${part('{}')}=.${part('{}')}.x`],
    ['every allowed character', `!#$%&'()*+-./09:;<=>?@AZ[]^_\`az{|}~`],
    ['"Bearer" glued to the token', `Bearer${token}`],
    ['a word', 'secret'],
    ['a word after Bearer', 'Bearer secret'],
    ['"Bearer" as its own token', 'Bearer bearer'],
    ['"undefined"', 'Bearer undefined'],
    ['"[API_TOKEN]" without brackets', 'API_TOKEN'],
    ['a token with another prefix', token.replace('ush_', 'usk_')],
    ['the prefix in upper case', token.replace('ush_', 'USH_')],
    ['two parts', 'Bearer a.b'],
    ['five parts, as a JWE has', 'Bearer a.b.c.d.e'],
    ['five parts, bare', 'a.b.c.d.e'],
    ['dots', 'Bearer ...'],
    ['three empty parts', 'Bearer ..'],
    ['three parts that are not a JWT', 'Bearer a.b.c'],
    ['three parts, bare', 'SG.aBcDeFgHiJ.0123456789-_'],
    ['three parts, the first a list', `Bearer ${part('[1]')}.a.b`],
  ])('%s', (_, header) => expect(read(header)).toBe('imported, or INVALID_TOKEN'));

  test.each([
    ['Basic', 'Basic dXNlcjpwYXNz'],
    ['Basic with a valid token', `Basic ${token}`],
    ['Token', `Token ${token}`],
    ['ApiKey', `ApiKey ${token}`],
    ['two schemes', `Bearer Bearer ${token}`],
    ['two tokens', `${token} ${token}`],
    ['two tokens after Bearer', `Bearer ${token} ${token}`],
    ['a JWT and another word', `Bearer ${jwt} x`],
  ])('%s', (_, header) => expect(read(header)).toBe('imported, or MALFORMED_CREDENTIALS'));
});

describe('a token is not valid', () => {
  test.each([
    ['a token with padding', `${token}=`],
    ['a wrong checksum', `${token.slice(0, -6)}000000`],
    ['the prefix alone', 'ush_'],
  ])('%s', (_, header) => expect(read(header)).toBe('INVALID_TOKEN'));
});

test.each([
  ['spelt in another way', part({ alg: 'HS256', kid: id }).replace(/.$/, end => `${end}A`)],
  ['with a number beyond JSON', part(`{"alg":"HS256","kid":"${id}","x":1e999}`)],
  ['that is a list', part('[]')],
  ['that is no JSON', part('{')],
])('three parts whose first is a header %s are no JWT', (_, head) => {
  const [, payload, signature] = jwt.split('.');
  expect(read(`Bearer ${head}.${payload}.${signature}`)).toBe('imported, or INVALID_TOKEN');
});

test('a key of 32 bytes is the shortest', () => {
  expect(importJwtKey('a'.repeat(32)).symmetricKeySize).toBe(32);
  expect(importJwtKey('ä'.repeat(16)).symmetricKeySize).toBe(32);
  expect(importJwtKey(Buffer.alloc(33).toString('base64'), 'base64').symmetricKeySize).toBe(33);
  try {
    importJwtKey('a'.repeat(31));
    expect.unreachable();
  } catch (error) {
    expect((error as Error).cause).toBe('a jwt secret is shorter than 32 bytes');
  }
});

test('only a static token or an opaque one can be imported by its text', () => {
  const isStatic = (text: string) => isStaticToken(text, defaultLimits.verify);
  for (const text of [token, 'opaque', 'sk-live_1', 'a.b.c', 'Basic dTpw']) {
    expect(isStatic(text)).toBe(true);
  }
  for (const text of ['', ' opaque', 'opaque ', 'a,b', 'Bearer', 'bearer opaque', jwt, 'ush_x']) {
    expect(isStatic(text)).toBe(false);
  }
  // Without Bearer it fits, with it no more.
  expect(isStatic('a'.repeat(defaultLimits.verify.headerBytesMax))).toBe(false);
  expect(isStatic('a'.repeat(defaultLimits.verify.headerBytesMax - 7))).toBe(true);
});

test('an opaque token, and why it is refused where it was not imported', () => {
  const parse = (header: string) => parseAuthorization(header, defaultLimits.verify);
  const opaque = { kind: 'static', tokenId: undefined };
  expect(parse('x-1')).toEqual({ ...opaque, token: 'x-1', otherwise: 'INVALID_TOKEN' });
  expect(parse('Basic x')).toEqual({
    ...{ ...opaque, token: 'Basic x', otherwise: 'MALFORMED_CREDENTIALS' },
  });
});

describe('a JWT with something before or behind what it must hold', () => {
  const header = (more: object) => `Bearer ${sign({ alg: 'HS256', kid: id, ...more }, {})}`;
  test.each([
    ['kid', header({ kid: `x${id}` })],
    ['kid', header({ kid: `${id}x` })],
    ['typ', header({ typ: 'xJWT' })],
    ['typ', header({ typ: 'JWTs' })],
    ['typ that is a list', header({ typ: ['JWT'] })],
    ['signature', `${header({})}A`],
    ['signature', header({}).replace(/\.(?=[^.]*$)/, '.A')],
  ])('%s', (_, text) => expect(read(text)).toBe('INVALID_TOKEN'));
});

describe('length', () => {
  const most = defaultLimits.verify.headerBytesMax;
  test('a header of 8 KiB is accepted', () => {
    expect(read(`Bearer ${'a'.repeat(most - 7)}`)).toBe('imported, or INVALID_TOKEN');
  });
  test('a header with one byte more is malformed', () => {
    expect(read(`Bearer ${'a'.repeat(most - 6)}`)).toBe('MALFORMED_CREDENTIALS');
  });
  test('blanks count towards the limit', () => {
    expect(read(`${' '.repeat(most)}${token}`)).toBe('MALFORMED_CREDENTIALS');
    expect(read(' '.repeat(most + 1))).toBe('MALFORMED_CREDENTIALS');
  });
  test('a valid token after blanks up to the limit is accepted', () => {
    const blanks = ' '.repeat(most - 'Bearer'.length - token.length);
    expect(read(`Bearer${blanks}${token}`)).toBe(`static ${id}`);
  });
});
