/** What the steps of an explained verdict say, and to whom. */

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../src/tokens/caller.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader, startMs } from './setup.ts';

const { tokens, explain, verify, issue, importTokens, clock } = openOffice();
const now = startMs / 1000;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
function sign(kid: string, secret: string, claims: object): string {
  const input = `${part({ alg: 'HS256', kid })}.${part(claims)}`;
  return `Bearer ${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
const made = await tokens.create(
  admin,
  'jwt',
  fields({ owner: 'shop', scopes: ['a', 'b'], jwtLifetimeMaxSeconds: 600, audiences: ['x'] }),
);
const { id: kid } = made.record;
const good = { exp: now + 60, sub: 'ann', aud: 'x' };

/** The steps as lines, with the mark of each. */
async function lines(header: string, asked = {}, caller: Caller = admin): Promise<string[]> {
  const { steps } = await explain(caller, { header, ...asked });
  return steps.map(({ check, passed, detail }) => `${passed ? '+' : '-'} ${check}: ${detail}`);
}

describe('a JWT', () => {
  test('that is valid: all steps, in order', async () => {
    const header = sign(kid, made.secret, good);
    const [first, ...rest] = await lines(header, { audience: 'x', requiredScopes: ['a'] });
    expect(first).toMatch(/^\+ header: one credential of \d+ characters$/);
    expect(rest).toEqual([
      "+ form: a JWT of HS256 with a 'kid'",
      `+ access token: ${kid}, kind jwt, revision 1, from the store`,
      '+ secret: the signature is of the current secret',
      '+ claims: exp, sub, aud: each is what it must be',
      '+ claims: exp is 60 s after now; 600 s are allowed',
      '+ time: exp is 2023-11-14T22:14:20.000Z, now is 2023-11-14T22:13:20.000Z',
      '+ time: the access token never expires',
      '+ revocation: the access token is not revoked',
      '+ revocation: this JWT is not revoked',
      '+ audience: aud names the required one; the access token allows all of aud',
      '+ scopes: 1 scope required, 2 held',
    ]);
  });

  test.each<[string, object, object, string]>([
    ['no exp', {}, {}, "- claims: jwt token is missing 'exp' claim"],
    [
      'a claim of a wrong type',
      { exp: 'x' },
      {},
      "- claims: jwt token has a malformed 'exp' claim",
    ],
    [
      'claims too deep',
      JSON.parse('{"exp":1,"a":'.concat('['.repeat(40), ']'.repeat(40), '}')),
      {},
      ': nested too deep',
    ],
    ['too long', { exp: now + 700 }, {}, '- claims: exp is 700 s after now; 600 s are allowed'],
    [
      'not yet valid',
      { exp: now + 500, nbf: now + 100 },
      {},
      '- time: nbf is 2023-11-14T22:15:00.000Z, now is 2023-11-14T22:13:20.000Z',
    ],
    [
      'expired',
      { exp: now - 1 },
      {},
      '- time: exp is 2023-11-14T22:13:19.000Z, now is 2023-11-14T22:13:20.000Z',
    ],
    ['another audience', { ...good, aud: 'y' }, { audience: 'x' }, '- audience: aud does not'],
    [
      'an audience that is not allowed',
      { ...good, aud: 'y' },
      {},
      '- audience: aud is missing, or',
    ],
    [
      'no such scope',
      good,
      { requiredScopes: ['a', 'c', 'd'] },
      '- scopes: 3 scopes required, 2 held; lacking: c d',
    ],
  ])('%s', async (_, claims, asked, last) => {
    expect((await lines(sign(kid, made.secret, claims), asked)).at(-1)).toContain(last);
  });

  test('by which name it is revoked', async () => {
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    const last = async (claims: object) =>
      (await lines(sign(record.id, secret, { exp: now + 60, ...claims }))).at(-1);
    await tokens.revokeJwts(admin, record.id, { jti: 'j' }, '');
    await tokens.revokeJwts(admin, record.id, { subject: 's' }, '');
    expect(await last({ jti: 'j' })).toBe('- revocation: this JWT is revoked, by its jti');
    expect(await last({ sub: 's' })).toContain('by its subject and time of issue');
    await tokens.revokeJwts(admin, record.id, { issuedBefore: startMs }, '');
    expect(await last({})).toContain('by its time of issue');
  });

  test('which secret signed it', async () => {
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    const old = sign(record.id, secret, { exp: now + 9000 });
    await tokens.rotate(admin, record.id, 60, 0);
    const secretLine = async () => (await lines(old)).find(line => line.includes('secret:'));
    expect(await secretLine()).toBe(
      '+ secret: the signature is of the previous secret, until 2023-11-14T22:14:20.000Z',
    );
    clock.ms += 60_000;
    expect(await secretLine()).toContain('of the previous secret, whose grace is over');
    clock.ms = startMs;
    const forged = sign(record.id, 'x'.repeat(40), { exp: now + 60 });
    expect((await lines(forged)).at(-1)).toContain(
      'neither of the current nor of a previous secret',
    );
  });

  test.each<[string, object, string]>([
    ['another algorithm', { alg: 'HS512', kid }, 'its alg is not HS256'],
    ['a kid that is none', { alg: 'HS256', kid: 'x' }, 'its kid is not a UUID'],
    ['no kid', { alg: 'HS256' }, "a JWT whose header has no 'kid'"],
    ['crit', { alg: 'HS256', kid, crit: ['b64'] }, 'its header has the parameter crit'],
    ['another typ', { alg: 'HS256', kid, typ: 'x' }, 'its typ is not JWT or at+jwt'],
  ])('form: %s', async (_, header, text) => {
    const jwt = `Bearer ${part(header)}.${part(good)}.${'A'.repeat(43)}`;
    expect((await lines(jwt)).at(-1)).toMatch(/^- form: /);
    expect((await lines(jwt)).at(-1)).toContain(text);
  });
});

describe('others', () => {
  test('a static token', async () => {
    const { secret } = await tokens.create(admin, 'static', fields());
    expect((await lines(secret)).slice(1, 2)).toEqual([
      '+ form: a static token of Usher with a right checksum',
    ]);
    expect((await lines(secret)).at(-2)).toBe(
      '+ audience: a static token is meant for every audience',
    );
    expect((await lines(`${secret}x`)).at(-1)).toMatch(/^- form: .*wrong length or checksum/);
  });
  test.each([
    ['', '- header: missing, or empty'],
    ['Bearer', '- header: the scheme Bearer without a token'],
    ['Bearer a, b', '- header: a comma, quote or other character that no token holds'],
    ['a'.repeat(9000), '- header: longer than USHER_HEADER_BYTES_MAX, 8192 bytes'],
    ['e30.e30.x', '- header: a JWT without the scheme Bearer'],
    ['hello', '- access token: it was not imported'],
  ])('%j', async (header, last) => expect((await lines(header)).at(-1)).toBe(last));
  test('another scheme than Bearer, which an imported token could look like', async () => {
    expect((await lines('Basic aGVsbG8')).slice(-2)).toEqual([
      '+ form: a space, but no Bearer before it: another scheme, or an imported token with a space',
      '- access token: it was not imported',
    ]);
  });
});

describe('who may ask', () => {
  const header = sign(kid, made.secret, good);
  test('administrators only', async () => {
    await expectRefused(explain(reader, { header }), 'PERMISSION_DENIED', 'usher.admin');
    await expectRefused(explain({ ...admin, scopes: [] }, { header }), 'PERMISSION_DENIED');
  });
  test('to one with an owner, a token of another owner does not exist', async () => {
    expect((await explain(adminOf('shop'), { header })).verdict.valid).toBe(true);
    const hidden = await explain(adminOf('other'), { header });
    const unknown = await explain(adminOf('other'), {
      header: sign('01890a5d-ac96-774b-bcce-b302099a8057', made.secret, good),
    });
    expect(hidden).toEqual(unknown);
    expect(hidden.steps.at(-1)).toMatchObject({ check: 'access token', passed: false });
  });
  test.each(['opaque-token-of-another-owner', 'opaque token with spaces'])(
    'nor does an imported one, %s',
    async token => {
      const other = await explain(adminOf('other'), { header: `Bearer ${token}` });
      const item = { secret: { token }, fields: fields({ owner: 'shop' }) };
      await importTokens(admin, [item], { dryRun: false, allowWeak: true });
      expect((await explain(admin, { header: `Bearer ${token}` })).verdict.valid).toBe(true);
      expect(await explain(adminOf('other'), { header: `Bearer ${token}` })).toEqual(other);
    },
  );
  test('no step holds what a signer chose, or a secret', async () => {
    const claims = { ...good, sub: 'canary-1', jti: 'canary-2', aud: ['x', 'canary-3'] };
    const headers = [
      sign(kid, made.secret, claims),
      sign(kid, made.secret, { ...claims, 'canary-4': 1, exp: 'canary-5' }),
      `Bearer ${part({ alg: 'canary-6', kid, typ: 'canary-7' })}.${part(claims)}.x`,
    ];
    for (const each of headers) {
      const { steps, verdict } = await explain(admin, { header: each });
      expect(JSON.stringify(steps)).not.toMatch(/canary|usk_/);
      expect(verdict).toEqual(await verify({ header: each }));
    }
  });
  test('an explanation decides as a verdict does, and leaves no trace in the cache', async () => {
    const { jwt } = await issue(admin, {
      ...{ tokenId: kid, subject: 'ann', audience: ['x'], scopes: ['a'], claims: {} },
      expiry: { lifetimeSeconds: 60 },
    });
    const question = { header: `Bearer ${jwt}`, requiredScopes: ['b'] };
    const before = await explain(admin, question);
    const verdict = await verify(question);
    expect(before.verdict).toEqual(verdict);
    expect((await explain(admin, question)).verdict).toEqual(verdict);
  });
});
