/** What an Authorization header may look like. */

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
  return credential.tokenId ? `${credential.kind} ${credential.tokenId}` : 'imported';
};

describe('a static token is read', () => {
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

describe('a JWT is read', () => {
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
    ['Basic', 'Basic dXNlcjpwYXNz'],
    ['Basic with a good token', `Basic ${token}`],
    ['Digest', 'Digest username="x"'],
    ['Token', `Token ${token}`],
    ['ApiKey', `ApiKey ${token}`],
    ['two schemes', `Bearer Bearer ${token}`],
    ['two tokens', `${token} ${token}`],
    ['two tokens after Bearer', `Bearer ${token} ${token}`],
    ['joined by a comma', `Bearer ${token},Bearer ${token}`],
    ['duplicates as HTTP joins them', `Bearer ${token}, Bearer ${token}`],
    ['bare duplicates', `${token}, ${token}`],
    ['a comma behind', `Bearer ${token},`],
    ['a comma before', `,Bearer ${token}`],
    ['a JWT with something behind', `Bearer ${jwt} x`],
    ['quotes', `Bearer "${token}"`],
    ['a line end', `Bearer ${token}\n`],
    ['a carriage return', `${token}\r`],
    ['a header injected', `Bearer ${token}\r\nX: y`],
    ['NUL', `Bearer ${token}\0`],
    ['NUL between', `Bearer\0${token}`],
    ['DEL', `Bearer ${token}\x7f`],
    ['a vertical tab for a blank', `Bearer\v${token}`],
    ['a no-break space for a blank', `Bearer\u00a0${token}`],
    ['a no-break space around', `\u00a0${token}`],
    ['a byte order mark', `\ufeff${token}`],
    ['a full-width letter', `Bearer ${token.slice(0, -1)}ａ`],
    ['a letter outside the basic plane', `Bearer ${token}😀`],
    ['half a surrogate pair', `Bearer ${token}\ud800`],
    ['a dotless i', `Bearer ${token.slice(0, -1)}ı`],
    ['a backslash', `Bearer a\\b`],
    ['a letter of Latin-1', 'Bearer é'],
  ])('%s', (_, header) => expect(read(header)).toBe('MALFORMED_CREDENTIALS'));
});

describe('a token can only be an imported one', () => {
  test.each([
    ['the scheme without a blank', `Bearer:${token}`],
    ['padding inside', `Bearer ${part('{}')}=.${part('{}')}.x`],
    ['every character that one may have', `!#$%&'()*+-./09:;<=>?@AZ[]^_\`az{|}~`],
    ['"Bearer" glued to the token', `Bearer${token}`],
    ['a word', 'secret'],
    ['a word after Bearer', 'Bearer secret'],
    ['"Bearer" as its own token', 'Bearer bearer'],
    ['"undefined"', 'Bearer undefined'],
    ['"[API_TOKEN]" without brackets', 'API_TOKEN'],
    ['a token of another prefix', token.replace('ush_', 'usk_')],
    ['the prefix in capitals', token.replace('ush_', 'USH_')],
    ['two parts', 'Bearer a.b'],
    ['five parts, as a JWE has', 'Bearer a.b.c.d.e'],
    ['five parts, bare', 'a.b.c.d.e'],
    ['dots', 'Bearer ...'],
    ['three empty parts', 'Bearer ..'],
  ])('%s', (_, header) => expect(read(header)).toBe('imported'));
});

describe('a token is not valid', () => {
  test.each([
    ['a token with padding', `${token}=`],
    ['a checksum that is wrong', `${token.slice(0, -6)}000000`],
    ['the prefix alone', 'ush_'],
    ['three parts that are no JWT', 'Bearer a.b.c'],
  ])('%s', (_, header) => expect(read(header)).toBe('INVALID_TOKEN'));
});

describe('length', () => {
  const most = defaultLimits.verify.headerBytesMax;
  test('a header of 8 KiB is read', () => {
    expect(read(`Bearer ${'a'.repeat(most - 7)}`)).toBe('imported');
  });
  test('one byte more is malformed', () => {
    expect(read(`Bearer ${'a'.repeat(most - 6)}`)).toBe('MALFORMED_CREDENTIALS');
  });
  test('blanks count', () => {
    expect(read(`${' '.repeat(most)}${token}`)).toBe('MALFORMED_CREDENTIALS');
    expect(read(' '.repeat(most + 1))).toBe('MALFORMED_CREDENTIALS');
  });
  test('a good token behind blanks up to the limit is read', () => {
    const blanks = ' '.repeat(most - 'Bearer'.length - token.length);
    expect(read(`Bearer${blanks}${token}`)).toBe(`static ${id}`);
  });
});
