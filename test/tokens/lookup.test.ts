/** What a pasted text belongs to: credentials, parts of them, and names in them. */

import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../src/tokens/caller.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader, startMs } from './setup.ts';

const { tokens, lookup, importTokens, clock } = openOffice();
const now = startMs / 1000;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
function sign(kid: string, secret: string): string {
  const input = `${part({ alg: 'HS256', typ: 'JWT', kid })}.${part({ exp: now - 5 })}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** All that is found, page by page. */
async function find(text: string, caller: Caller = reader): Promise<string[]> {
  const found: string[] = [];
  let pageToken = '';
  do {
    const page = await lookup(caller, { text, pageToken });
    found.push(...page.matches.map(({ record, matchedBy }) => `${record.id} ${matchedBy}`));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

const fixed = await tokens.create(admin, 'static', fields({ owner: 'shop' }));
const signing = await tokens.create(admin, 'jwt', fields({ owner: 'shop' }));
const jwt = sign(signing.record.id, signing.secret);
const id = fixed.record.id;
const kid = signing.record.id;

describe('a static token', () => {
  test.each([
    ['whole', fixed.secret],
    ['after its scheme', `Bearer ${fixed.secret}`],
    ['a whole header', `Authorization: Bearer ${fixed.secret}\r\n`],
    ['in quotes', ` "${fixed.secret}" `],
  ])('%s', async (_, text) => expect(await find(text)).toEqual([`${id} current secret`]));
  test.each([
    ['the first 26 characters', fixed.secret.slice(0, 26)],
    ['without its end', fixed.secret.slice(0, -10)],
    ['with a typo at its end', `${fixed.secret.slice(0, -1)}?`],
  ])('%s names its access token', async (_, text) => {
    expect(await find(text)).toEqual([`${id} part`]);
  });
  test('a shorter part names none', async () => {
    expect(await find(fixed.secret.slice(0, 25))).toEqual([]);
    expect(await find(fixed.secret.slice(30))).toEqual([]);
  });
  test('of the previous secret, and of one whose grace is over', async () => {
    const { record, secret } = await tokens.create(admin, 'static', fields());
    await tokens.rotate(admin, record.id, 60, 0);
    expect(await find(secret)).toEqual([`${record.id} previous secret`]);
    clock.ms += 60_000;
    expect(await find(secret)).toEqual([`${record.id} part`]);
    clock.ms = startMs;
  });
  test('imported', async () => {
    const token = 'legacy-token-of-another-system-0001';
    const item = { secret: { token }, fields: fields({ owner: 'shop' }) };
    const [result] = await importTokens(admin, [item], {
      dryRun: false,
      allowWeak: false,
    });
    expect(result?.outcome).toBe('imported');
    expect(await find(token)).toEqual([`${result?.id} current secret`]);
    expect(await find(token, adminOf('other'))).toEqual([]);
    expect(await find(token.slice(0, -1))).toEqual([]);
  });
});

describe('a JWT', () => {
  test('signed with the secret key, even when it has expired', async () => {
    expect(await find(jwt)).toEqual([`${kid} current secret`]);
    expect(await find(`bearer ${jwt}`)).toEqual([`${kid} current secret`]);
  });
  test('of another key', async () => {
    expect(await find(sign(kid, 'x'.repeat(40)))).toEqual([`${kid} part`]);
  });
  test.each([1, 30, 60])('the header, and %d characters of the rest', async more => {
    const [head = ''] = jwt.split('.');
    expect(await find(jwt.slice(0, head.length + more))).toEqual([`${kid} part`]);
  });
  test('its header alone, or as much as shows the kid', async () => {
    const [head = ''] = jwt.split('.');
    expect(await find(head)).toEqual([`${kid} part`]);
    expect(await find(head.slice(0, -1))).toEqual([`${kid} part`]);
    expect(await find(head.slice(0, 40))).toEqual([]);
  });
});

describe('names and keys', () => {
  test('an id, in either case', async () => {
    expect(await find(id)).toEqual([`${id} id`]);
    expect(await find(kid.toUpperCase())).toEqual([`${kid} id`]);
    expect(await find('01890a5d-ac96-774b-bcce-b302099a8057')).toEqual([]);
  });
  test('a secret key, current or in its grace', async () => {
    expect(await find(signing.secret)).toEqual([`${kid} secret key`]);
    expect(await find(signing.secret.slice(0, -1))).toEqual([]);
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    await tokens.rotate(admin, record.id, 60, 0);
    expect(await find(secret)).toEqual([`${record.id} secret key`]);
    clock.ms += 60_000;
    expect(await find(secret)).toEqual([]);
    clock.ms = startMs;
  });
  test.each([
    ['that is no text', Buffer.alloc(33, 0xfb)],
    ['that is text', Buffer.from('0123456789abcdef0123456789abcdef!')],
  ])('an imported secret key %s, by the base64 that it was imported from', async (_, bytes) => {
    const id = randomUUID();
    const item = { id, secret: { jwtSecret: bytes }, fields: fields() };
    await importTokens(admin, [item], { dryRun: false, allowWeak: false });
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = bytes.toString(encoding);
      expect(await find(text)).toEqual([`${id} secret key`]);
      expect(await find(`${text.replace(/=+$/, '')}`)).toEqual([`${id} secret key`]);
    }
  });
  test('a jti or a subject that was revoked, also a UUID', async () => {
    const jti = '0b2f4a1e-6c3d-4e5f-8a9b-1c2d3e4f5a6b';
    expect(await find(jti)).toEqual([]);
    await tokens.revokeJwts(admin, kid, { jti }, '');
    await tokens.revokeJwts(admin, kid, { subject: 'user-42' }, '');
    expect(await find(jti)).toEqual([`${kid} revoked jti`]);
    expect(await find('user-42')).toEqual([`${kid} revoked subject`]);
  });
});

describe('who may ask', () => {
  const texts = [fixed.secret, id, jwt, signing.secret, fixed.secret.slice(0, 30)];
  test('one with an owner finds what is of that owner only', async () => {
    for (const text of texts) {
      expect(await find(text, adminOf('shop'))).toHaveLength(1);
      expect(await find(text, adminOf('other'))).toEqual([]);
    }
  });
  test('another owner does not learn from the search whether an access token is there', async () => {
    const examined = async (text: string) =>
      (await lookup(adminOf('other'), { text, pageToken: '' })).examined;
    await tokens.create(admin, 'jwt', fields({ owner: 'other' }));
    const part = fixed.secret.slice(0, 30).replace(/^[a-z]+/, 'acme');
    expect(await examined(part)).toBe(await examined(part.replace(/.{6}$/, 'Zm0000')));
  });
  test('it needs the scope to read', async () => {
    const call = lookup({ ...reader, scopes: ['usher.jwts.issue'] }, { text: id, pageToken: '' });
    await expectRefused(call, 'PERMISSION_DENIED', 'usher.tokens.read');
  });
  test('no message holds the text, and a page token is of one text', async () => {
    await expectRefused(
      lookup(reader, { text: ' "" ', pageToken: '' }),
      'INVALID_ARGUMENT',
      'text: is empty',
    );
    const long = lookup(reader, { text: 'secret'.repeat(2000), pageToken: '' });
    await expectRefused(long, 'INVALID_ARGUMENT', /^text: is longer than 8192 bytes$/);
    await expectRefused(
      lookup(reader, { text: id, pageToken: 'x' }),
      'INVALID_ARGUMENT',
      'page_token',
    );
  });
});
