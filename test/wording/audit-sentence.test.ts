/** Entries of the audit log as sentences: by the names of that time, with what changed. */

import { describe, expect, test } from 'vitest';
import { utcTime } from '../../src/wording/audit-csv.ts';
import { plainSentence, type ToldEvent, tell } from '../../src/wording/audit-sentence.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
const robot = '0198c0de-0000-7000-8000-000000000002';
const march = Date.UTC(2027, 2, 2);
const plain: ToldEvent = { action: 'token.update', actor: 'admin', tokenId: '', detail: '' };

const say = (event: Partial<ToldEvent>, names: Record<string, string> = {}) =>
  plainSentence(tell({ ...plain, ...event }, { names, sayTime: utcTime }));
const update = (before: object, after: object) =>
  say({ tokenId: id, tokenName: 'shop', before: { ...before }, after: { ...after } });

describe('who', () => {
  test.each<[string, Partial<ToldEvent>, Record<string, string>, string]>([
    ['the name of that time', { actor: robot, actorName: 'robot' }, { [robot]: 'bot' }, 'robot'],
    ['the present name, where none was kept', { actor: robot }, { [robot]: 'bot' }, 'bot'],
    ['an access token without a name', { actor: robot }, {}, 'access token 0198c0de'],
    ['a person', { actor: 'person:1', actorName: 'Ann Lee' }, {}, 'Ann Lee'],
    ['the admin token', { actor: 'admin' }, {}, 'admin token'],
    ['Usher itself', { actor: 'usher' }, {}, 'Usher'],
    ['a program', { actor: 'command line' }, {}, 'command line'],
    ['an unknown caller', { actor: '' }, {}, 'someone unknown'],
  ])('%s', (_, event, names, who) => {
    expect(tell({ ...plain, ...event }, { names, sayTime: utcTime }).who).toBe(who);
  });
  test('the name of now is told where it is another one', () => {
    const event = { ...plain, actor: robot, actorName: 'robot' };
    expect(tell(event, { names: { [robot]: 'bot' }, sayTime: utcTime }).whoNow).toBe('bot');
    expect(tell(event, { names: { [robot]: 'robot' }, sayTime: utcTime }).whoNow).toBe('');
  });
});

describe('the access token', () => {
  test('has the name of that time, and that of now where it is another one', () => {
    const event = { action: 'token.revoke', tokenId: id, tokenName: 'shop' };
    expect(say(event)).toBe('admin token revoked shop');
    expect(say(event, { [id]: 'web shop' })).toBe('admin token revoked shop (now web shop)');
    expect(say({ ...event, tokenName: '' }, { [id]: 'web shop' })).toBe(
      'admin token revoked web shop',
    );
    expect(say({ ...event, tokenName: '' })).toBe('admin token revoked 0198c0de');
  });
  test('is a part of its own, which pages link', () => {
    const { parts } = tell(
      { ...plain, action: 'token.revoke', tokenId: id, tokenName: 'shop' },
      { names: {}, sayTime: utcTime },
    );
    expect(parts).toEqual([
      { kind: 'text', text: 'revoked ' },
      { kind: 'token', text: 'shop', id },
    ]);
  });
});

describe('a change', () => {
  test.each<[object, object, string]>([
    [{ expiresAt: march }, {}, 'expiry 2027-03-02 00:00 UTC → never'],
    [{ scopes: ['a:read', 'b'] }, { scopes: ['b', 'a:write'] }, 'scopes + a:write − a:read'],
    [{ scopes: ['a'] }, { scopes: [] }, 'scopes a → none'],
    [{ scopes: ['a', 'b'] }, { scopes: ['b', 'a'] }, 'scopes in another order'],
    [{ owner: 'ann' }, { owner: 'bob' }, 'owner ann → bob'],
    [{}, { owner: 'bob' }, 'owner none → bob'],
    [
      { rateLimit: { requests: 100, windowSeconds: 60, per: 'token' } },
      {},
      'rate limit 100 a minute → none',
    ],
    [
      {},
      { rateLimit: { requests: 5, windowSeconds: 90, per: 'subject' } },
      'rate limit none → 5 in 90 seconds for each subject',
    ],
    [
      { quota: { requests: 9, period: 'day', per: 'token' } },
      { quota: { requests: 9, period: 'month', per: 'token' } },
      'quota 9 a day → 9 a month',
    ],
    [
      { jwtLifetimeMaxSeconds: 3600 },
      { jwtLifetimeMaxSeconds: 172_800 },
      'longest JWT lifetime 1 hour → 2 days',
    ],
    [
      { metadata: { plan: 'a' } },
      { metadata: { plan: 'b' } },
      'metadata {"plan":"a"} → {"plan":"b"}',
    ],
    [{ name: 'old', revision: 1 }, { name: 'new', revision: 2 }, 'name old → new'],
    [{ grantableScopes: ['a'] }, {}, 'grantable scopes a → its own'],
  ])('%o → %o', (before, after, words) => {
    expect(update(before, after)).toBe(`admin token changed shop: ${words}`);
  });
  test('of several fields names each', () => {
    expect(update({ owner: 'ann', name: 'a' }, { owner: 'bob', name: 'b' })).toBe(
      'admin token changed shop: name a → b, owner ann → bob',
    );
  });
  test('of fields that are not as expected is told as they are', () => {
    expect(update({ scopes: 'x', expiresAt: 'never' }, { scopes: [1], rateLimit: 7 })).toBe(
      'admin token changed shop: scopes x → [1], expiry never → never, rate limit none → 7',
    );
    expect(say({ before: { expiresAt: 1e300 }, after: {} })).toContain('expiry 1e+300 → never');
  });
});

describe('other actions', () => {
  const token = { tokenId: id, tokenName: 'shop' };
  const jwts = (after: object, before = {}) =>
    say({ action: 'jwt.revoke', ...token, before, after: { ...after }, detail: 'lost' });
  test.each<[Partial<ToldEvent>, string]>([
    [
      {
        action: 'token.create',
        ...token,
        after: { kind: 'jwt', name: 'shop', scopes: ['a', 'b'], audiences: [] },
      },
      'created shop (jwt): scopes a b',
    ],
    [
      { action: 'token.rotate', ...token, after: { previousGoodUntil: march } },
      'rotated shop; the previous secret is valid until 2027-03-02 00:00 UTC',
    ],
    [
      { action: 'token.rotate', ...token, after: {} },
      'rotated shop; the previous secret ended at once',
    ],
    [{ action: 'token.revoke', ...token, detail: 'leaked' }, 'revoked shop: leaked'],
    [
      { action: 'jwt.issue', ...token, detail: '3 in a minute' },
      'issued JWTs of shop: 3 in a minute',
    ],
    [{ action: 'session.create', detail: 'passkey' }, 'signed in (passkey)'],
    [{ action: 'session.end' }, 'signed out'],
    [
      { action: 'session.end', detail: 'the session of Bob (person:2)' },
      'ended the session of Bob (person:2)',
    ],
    [
      {
        action: 'person.update',
        detail: 'Bob (person:2)',
        before: { role: 'viewer' },
        after: { role: 'admin' },
      },
      'changed Bob (person:2): role viewer → admin',
    ],
    [{ action: 'call.refused', detail: 'Get: no' }, 'was refused: Get: no'],
    [
      { action: 'job.start', after: { act: 'revoke', count: 500, owner: 'ann' }, detail: 'gone' },
      'started a job (revoke, 500 access tokens of ann): gone',
    ],
    [
      { action: 'job.end', after: { act: 'revoke', count: 5, done: 4, failed: 1, left: 0 } },
      'ended a job (revoke, 5 access tokens): 4 done, 1 failed, 0 left',
    ],
    [{ action: 'newer.thing', ...token, detail: 'x' }, 'newer.thing: x: shop'],
  ])('%o', (event, words) => expect(say(event)).toBe(`admin token ${words}`));

  test('a revocation of JWTs, by its digests and counts', () => {
    expect(jwts({ jwtsRevoked: { ids: { hash: 1 } } })).toBe(
      'admin token revoked one JWT of shop: lost',
    );
    expect(jwts({ jwtsRevoked: { subjects: { hash: 1 } } })).toContain(
      'the JWTs of one subject of shop',
    );
    expect(jwts({ jwtsRevoked: { issuedBefore: march } })).toContain(
      'all JWTs of shop issued before 2027-03-02',
    );
    // As versions before wrote them.
    expect(jwts({ revokedJwts: 2 }, { revokedJwts: 1 })).toContain('revoked one JWT of shop');
    expect(jwts({ revokedSubjects: 1 }, { revokedSubjects: 0 })).toContain('one subject of shop');
    expect(jwts({ jwtsRevokedBefore: march })).toContain('issued before');
    expect(jwts({})).toBe('admin token revoked JWTs of shop: lost');
  });
});
