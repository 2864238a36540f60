/** Which Authorization headers are accepted, and as which kind of credential. */

import { describe, expect, test } from 'vitest';
import { parseAuthorization } from '../../src/verify/credential.ts';
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
