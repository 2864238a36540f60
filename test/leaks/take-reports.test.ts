/** What happens to a reported credential: only a whole one counts, and a report can be repeated. */

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { admin, expectRefused, fields, adminOf as ofOwner, reader } from '../tokens/setup.ts';
import { adminToken, at, openLeakOffice } from './setup.ts';

const office = openLeakOffice();
const { report, take, make, tokens, store, verdictOn, leaks, told, events, clock, issue } = office;
const isRevoked = async (id: string) => (await store.get(id))?.revokedAt !== undefined;
const leaksOf = (tokenId: string, withDismissed = false) =>
  leaks.list(admin, { tokenId, withDismissed });
const order = { subject: 'ada', audience: [], scopes: [], claims: {} };
const signed = async (tokenId: string) =>
  (await issue(admin, { ...order, tokenId, expiry: { lifetimeSeconds: 600 } })).jwt;

/** A JWT without a jti, as its holder signs it. */
function unnamedJwt(kid: string, key: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(clock.ms / 1000) + 600;
  const input = `${encode({ alg: 'HS256', kid })}.${encode({ sub: 'ada', exp })}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

describe('a static token', () => {
  test('is revoked, once however often it is reported', async () => {
    const { record, secret } = await make('static');
    expect(await report('revoke', secret)).toEqual(['revoked']);
    expect(await verdictOn(secret)).toBe('REVOKED');
    expect(await report('revoke', secret, `  ${secret}\n`)).toEqual(['over', 'over']);
    const [listed, ...others] = await leaksOf(record.id);
    expect(others).toEqual([]);
    expect(listed?.leak).toMatchObject({ what: 'token', done: 'revoked', tokenId: record.id });
    expect(listed?.leak.findings).toHaveLength(1);
    const made = (await events()).filter(({ tokenId }) => tokenId === record.id);
    expect(made.map(({ action }) => action)).toEqual([
      'token.create',
      'token.revoke',
      'token.leaked',
    ]);
    expect(made.at(-1)?.after).toMatchObject({ what: 'token', done: 'revoked', by: 'github' });
    expect((await store.get(record.id))?.revokeReason).toBe('leaked: reported by GitHub');
  });

  test('with its scheme, in part or by its id is nothing', async () => {
    const { record, secret } = await make('static');
    const parts = [
      secret.slice(0, -1),
      secret.slice(0, 27),
      secret.slice(4),
      record.id,
      `x${secret}`,
    ];
    const forged = `${secret.slice(0, 30)}${'0'.repeat(46)}`;
    expect(await report('revoke', ...parts, forged, '', ' ', 'Bearer', `Bearer ${secret}`)).toEqual(
      Array(10).fill('unknown'),
    );
    expect(await isRevoked(record.id)).toBe(false);
    expect(await leaksOf(record.id)).toEqual([]);
  });

  test('of the previous secret ends the access token too, but not after its grace', async () => {
    const first = await make('static');
    await tokens.rotate(admin, first.record.id, 3600, 0);
    const second = await make('static');
    await tokens.rotate(admin, second.record.id, 1, 0);
    clock.ms += 2000;
    expect(await report('revoke', first.secret, second.secret)).toEqual(['revoked', 'over']);
    expect(await isRevoked(first.record.id)).toBe(true);
    expect(await isRevoked(second.record.id)).toBe(false);
  });

  test('that was imported counts as it is', async () => {
    const token = 'legacy-token-of-another-system-4711';
    const item = { secret: { token }, fields: fields() };
    await office.importTokens(admin, [item], { dryRun: false, allowWeak: false });
    expect(await report('revoke', `${token}0`, token)).toEqual(['unknown', 'revoked']);
    expect(await verdictOn(token)).toBe('REVOKED');
  });

  test('that expired or was revoked by people is known, and nothing changes', async () => {
    const expired = await make('static', { expiresAt: clock.ms + 1000 });
    const revoked = await make('static');
    await tokens.revoke(admin, revoked.record.id, 'no longer used');
    clock.ms += 1000;
    const before = (await events()).length;
    expect(await report('revoke', expired.secret, revoked.secret)).toEqual(['over', 'over']);
    expect(await leaksOf(revoked.record.id)).toEqual([]);
    expect(await leaksOf(expired.record.id)).toEqual([]);
    expect((await events()).length).toBe(before);
  });

  test('whose report ended between the revocation and its document is noted by the next', async () => {
    const { record, secret } = await make('static');
    await tokens.revoke(admin, record.id, 'leaked: reported by GitHub');
    expect(await report('revoke', secret)).toEqual(['over']);
    expect((await leaksOf(record.id))[0]?.leak).toMatchObject({ done: 'revoked' });
  });
});

describe('the policy flag', () => {
  test('changes nothing; the policy revoke then does', async () => {
    const { record, secret } = await make('static');
    expect(await report('flag', secret)).toEqual(['flagged']);
    expect(await report('flag', secret)).toEqual(['flagged']);
    expect(await verdictOn(secret)).toBe('valid');
    expect(
      (await events()).filter(
        ({ action, tokenId }) => action === 'token.leaked' && tokenId === record.id,
      ),
    ).toHaveLength(1);
    expect(await report('revoke', secret)).toEqual(['revoked']);
    expect((await leaksOf(record.id)).map(({ leak }) => leak.done)).toEqual(['revoked']);
  });

  test('a new place makes a dismissed one need someone again, the same place does not', async () => {
    const { record, secret } = await make('static');
    await report('flag', secret);
    const id = (await leaksOf(record.id))[0]?.leak.id ?? '';
    expect((await store.document('leaks', id))?.body).toMatchObject({ at: clock.ms });
    await leaks.dismiss(admin, id, 'a test repository');
    expect((await store.document('leaks', id))?.body).toMatchObject({ dismissedAt: clock.ms });
    expect(await leaksOf(record.id)).toEqual([]);
    await report('flag', secret);
    expect(await leaksOf(record.id)).toEqual([]);
    await take('flag', [at(secret, 'https://pastebin.example/1')], 'report');
    const [{ leak } = {}] = await leaksOf(record.id);
    expect(leak?.findings.map(({ by, url }) => `${by} ${url}`)).toEqual([
      'github https://github.com/a/b/blob/c/d.txt',
      'report https://pastebin.example/1',
    ]);
    expect(leak?.dismissed).toBeUndefined();
  });
});

describe('kind jwt', () => {
  test('a JWT ends alone, by its jti or by its digest', async () => {
    const { record, secret } = await make('jwt');
    const [named, unnamed, other] = [
      await signed(record.id),
      unnamedJwt(record.id, secret),
      await signed(record.id),
    ];
    expect(await report('revoke', named, unnamed)).toEqual(['revoked', 'revoked']);
    expect(await verdictOn(`Bearer ${named}`)).toBe('REVOKED');
    expect(await verdictOn(`Bearer ${unnamed}`)).toBe('REVOKED');
    expect(await verdictOn(`Bearer ${other}`)).toBe('valid');
    expect(await isRevoked(record.id)).toBe(false);
    expect(await report('revoke', named)).toEqual(['over']);
    const found = await leaksOf(record.id);
    expect(found.map(({ leak }) => leak.what)).toEqual(['jwt', 'jwt']);
    const kept = JSON.stringify(found);
    for (const part of [...named.split('.'), ...unnamed.split('.')])
      expect(kept).not.toContain(part);
  });

  test('a forged or expired JWT ends nothing', async () => {
    const { record } = await make('jwt');
    const jwt = await signed(record.id);
    const forged = `${jwt.slice(0, -43)}${'A'.repeat(43)}`;
    expect(await report('revoke', forged, jwt.slice(0, jwt.lastIndexOf('.')))).toEqual([
      'unknown',
      'unknown',
    ]);
    clock.ms += 601_000;
    expect(await report('revoke', jwt)).toEqual(['over']);
    expect(await leaksOf(record.id)).toEqual([]);
  });

  test('a secret key is found among many, and ends its access token', async () => {
    const { record, secret } = await make('jwt');
    const other = await make('jwt');
    const texts = [secret.slice(0, -1), other.record.id, 'x'.repeat(32), secret];
    expect(await report('revoke', ...texts)).toEqual(['unknown', 'unknown', 'unknown', 'revoked']);
    expect(await isRevoked(record.id)).toBe(true);
    expect(await isRevoked(other.record.id)).toBe(false);
    expect((await leaksOf(record.id))[0]?.leak.what).toBe('secret key');
    expect(await report('revoke', secret)).toEqual(['over']);
  });
});

test('a leaked admin token is an error in the log, and stays a setting', async () => {
  told.length = 0;
  expect(await report('revoke', adminToken, adminToken.slice(1))).toEqual(['flagged', 'unknown']);
  expect(await report('revoke', adminToken)).toEqual(['flagged']);
  expect(told.map(({ what, tokenId }) => `${what}${tokenId}`)).toEqual(['admin token']);
  const leak = (await leaksOf('')).map(each => each.leak).find(each => each.tokenId === '');
  expect(leak).toMatchObject({ what: 'admin token', done: 'flagged' });
  expect(leak?.problem).toMatch(/replace USHER_ADMIN_TOKEN on all servers/);
  expect(JSON.stringify(leak)).not.toContain(adminToken);
});

test('what is kept of a place holds no credential, and is bounded', async () => {
  const { record, secret } = await make('static');
  const { secret: other } = await make('static');
  const urls = [
    `https://ann:pw@paste.example/?key=${secret}&other=${encodeURIComponent(other)}`,
    'javascript:alert(1)',
    'not an address',
    `https://paste.example/${'a'.repeat(3000)}`,
    ...Array.from({ length: 30 }, (_, n) => `https://paste.example/${n}`),
  ];
  await take(
    'flag',
    urls.map(url => ({ credential: secret, url, source: `com<mit>\n${secret}` })),
  );
  const [{ leak } = {}] = await leaksOf(record.id);
  expect(leak?.findings).toHaveLength(20);
  expect(leak?.findings[0]?.url).toBe('https://paste.example/?key=REMOVED&other=REMOVED');
  expect(leak?.findings[0]?.source).toBe('commitREMOVED');
  expect(leak?.findings.at(-1)?.url).toBe('https://paste.example/29');
  const kept = JSON.stringify([leak, await events()]);
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(other);
  expect(kept).not.toContain('javascript:');
});

test('many reports of one token at once leave one leak', async () => {
  const { record, secret } = await make('static');
  await Promise.all(Array.from({ length: 6 }, () => report('revoke', secret)));
  expect(await leaksOf(record.id)).toHaveLength(1);
  const made = (await events()).filter(({ tokenId }) => tokenId === record.id);
  expect(made.filter(({ action }) => action === 'token.leaked')).toHaveLength(1);
  expect(made.filter(({ action }) => action === 'token.revoke')).toHaveLength(1);
});

test('an access token that cannot be read keeps nothing from happening to the others', async () => {
  const [first, broken, last] = [await make('static'), await make('static'), await make('static')];
  office.unreadable.add(broken.record.id);
  const all = [first.secret, broken.secret, last.secret];
  await expect(report('revoke', ...all)).rejects.toThrow(Unavailable);
  expect(await Promise.all([first, broken, last].map(each => isRevoked(each.record.id)))).toEqual([
    true,
    false,
    true,
  ]);
  office.unreadable.clear();
  expect(await report('revoke', ...all)).toEqual(['over', 'revoked', 'over']);
});

describe('the list', () => {
  test('shows owners theirs alone, and dismissing needs the right to write', async () => {
    const ann = await make('static', { owner: 'ann' });
    const bob = await make('static', { owner: 'bob' });
    await report('flag', ann.secret, bob.secret, adminToken);
    const listed = await leaks.list(ofOwner('ann'), { tokenId: '', withDismissed: true });
    expect(listed.map(({ leak }) => leak.tokenId)).toEqual([ann.record.id]);
    expect(
      await leaks.list(ofOwner('ann'), { tokenId: bob.record.id, withDismissed: true }),
    ).toEqual([]);
    const bobs = (await leaksOf(bob.record.id))[0]?.leak.id ?? '';
    await expectRefused(leaks.dismiss(ofOwner('ann'), bobs, ''), 'NOT_FOUND');
    await expectRefused(leaks.dismiss(reader, bobs, ''), 'PERMISSION_DENIED');
    await expectRefused(leaks.dismiss(admin, 'no id!', 'x'.repeat(300)), 'INVALID_ARGUMENT');
    const { leak } = await leaks.dismiss(admin, bobs, 'seen');
    expect(leak.dismissed).toMatchObject({ by: 'admin', name: 'admin token', note: 'seen' });
    expect((await leaks.dismiss(admin, bobs, 'again')).leak.dismissed?.note).toBe('seen');
    expect(await leaksOf(bob.record.id)).toEqual([]);
    expect(await leaksOf(bob.record.id, true)).toHaveLength(1);
  });
});
