/** Rotation, revocation of access tokens, and revocation of single JWTs. */

import { describe, expect, test } from 'vitest';
import { graceSecondsMax } from '../../src/tokens/check-request.ts';
import { withRevokedJwts } from '../../src/tokens/revoke-jwts.ts';
import { jwtRecord } from '../verify/setup.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, store, keys, clock, verdictOn, issue } = openOffice();
const make = (kind: 'static' | 'jwt' = 'static') => tokens.create(admin, kind, fields());
const sign = async (tokenId: string, subject = '') => {
  const order = { tokenId, subject, audience: [], scopes: [], claims: {} };
  const issued = await issue(admin, { ...order, expiry: { lifetimeSeconds: 3600 } });
  return { ...issued, header: `Bearer ${issued.jwt}` };
};

describe('rotate', () => {
  test.each([1, 60, graceSecondsMax])('grace of %d s, to the millisecond', async grace => {
    const old = await make();
    const { record, secret } = await tokens.rotate(admin, old.record.id, grace, 0);
    expect(record.secrets[1]?.goodUntil).toBe(clock.ms + grace * 1000);
    clock.ms += grace * 1000 - 1;
    expect(await verdictOn(old.secret)).toBe('valid');
    clock.ms += 1;
    expect(await verdictOn(old.secret)).toBe('INVALID_TOKEN');
    expect(await verdictOn(secret)).toBe('valid');
  });
  test('without grace the old secret expires at once, and is not stored any more', async () => {
    const old = await make();
    const { record, secret } = await tokens.rotate(admin, old.record.id, 0, 0);
    expect(record.secrets).toHaveLength(1);
    expect(await verdictOn(old.secret)).toBe('INVALID_TOKEN');
    expect(await verdictOn(secret)).toBe('valid');
  });
  test('JWTs of the old secret are valid until the grace ends', async () => {
    const { record } = await make('jwt');
    const { header } = await sign(record.id);
    await tokens.rotate(admin, record.id, 60, 0);
    clock.ms += 59_999;
    expect(await verdictOn(header)).toBe('valid');
    expect(await verdictOn((await sign(record.id)).header)).toBe('valid');
    clock.ms += 1;
    expect(await verdictOn(header)).toBe('INVALID_TOKEN');
  });
  test('a secret in its grace expires with the next rotation', async () => {
    const first = await make();
    const second = await tokens.rotate(admin, first.record.id, 3600, 0);
    const third = await tokens.rotate(admin, first.record.id, 60, 0);
    expect(await verdictOn(first.secret)).toBe('INVALID_TOKEN');
    expect(await verdictOn(second.secret)).toBe('valid');
    expect(await verdictOn(third.secret)).toBe('valid');
  });
  test.each([-1, 0.5, Number.NaN, graceSecondsMax + 1, Number.POSITIVE_INFINITY])(
    'a grace of %d is refused',
    async grace => {
      const { record } = await make();
      const call = tokens.rotate(admin, record.id, grace, 0);
      await expectRefused(call, 'INVALID_ARGUMENT', /^grace: /);
    },
  );
  test('only at the revision given', async () => {
    const { record } = await make();
    await tokens.rotate(admin, record.id, 0, 1);
    await expectRefused(tokens.rotate(admin, record.id, 0, 1), 'ABORTED');
    await tokens.rotate(admin, record.id, 0, 0);
  });
  test('two concurrent rotations at any revision are both executed, one after the other', async () => {
    const { record } = await make();
    const both = await Promise.all([1, 2].map(() => tokens.rotate(admin, record.id, 60, 0)));
    for (const { secret } of both) expect(await verdictOn(secret)).toBe('valid');
    expect((await store.get(record.id))?.revision).toBe(3);
  });
});

describe('the end of a grace by hand', () => {
  test('ends the old secret now, once, and is in the log', async () => {
    const old = await make();
    const { secret } = await tokens.rotate(admin, old.record.id, 3600, 0);
    const ended = await tokens.endGrace(admin, old.record.id);
    expect(ended).toMatchObject({ revision: 3, secrets: [expect.anything()] });
    expect(await verdictOn(old.secret)).toBe('INVALID_TOKEN');
    expect(await verdictOn(secret)).toBe('valid');
    expect((await tokens.endGrace(admin, old.record.id)).revision).toBe(3);
    const scan = { tokenId: old.record.id, order: 'newest', limit: 1 } as const;
    const [event] = await store.events(scan);
    expect(event).toMatchObject({ action: 'token.end_grace', actor: 'admin' });
    expect(event?.before).toHaveProperty('previousGoodUntil');
  });
  test('not of a revoked one', async () => {
    const { record } = await make();
    await tokens.rotate(admin, record.id, 3600, 0);
    await tokens.revoke(admin, record.id, '');
    await expectRefused(tokens.endGrace(admin, record.id), 'FAILED_PRECONDITION');
  });
});

test('a record says who made it and who changed it last', async () => {
  const other = { ...admin, actor: '0198c0de-0000-7000-8000-00000000000a' };
  const { record } = await make();
  expect(record).toMatchObject({ createdBy: 'admin' });
  expect(record.changedBy).toBeUndefined();
  const rotated = await tokens.rotate(other, record.id, 0, 0);
  expect(rotated.record).toMatchObject({ createdBy: 'admin', changedBy: other.actor });
  const again = await tokens.rotate(admin, record.id, 0, 0);
  expect(again.record.changedBy).toBeUndefined();
});

describe('revoke', () => {
  test('invalidates all secrets, also one in its grace', async () => {
    const old = await make();
    const { secret } = await tokens.rotate(admin, old.record.id, 60, 0);
    const record = await tokens.revoke(admin, old.record.id, 'leaked');
    expect(record).toMatchObject({ revokedAt: clock.ms, revokeReason: 'leaked', revision: 3 });
    expect(await verdictOn(old.secret)).toBe('REVOKED');
    expect(await verdictOn(secret)).toBe('REVOKED');
  });
  test('again changes nothing and succeeds', async () => {
    const { record } = await make();
    const first = await tokens.revoke(admin, record.id, 'one');
    clock.ms += 1000;
    expect(await tokens.revoke(admin, record.id, 'two')).toEqual(first);
  });
  test('is permanent: no change is possible afterwards', async () => {
    const { record, secret } = await make('jwt');
    const before = await store.get(record.id);
    await tokens.revoke(admin, record.id, '');
    const after = await store.get(record.id);
    for (const call of [
      tokens.update(admin, record.id, 2, { name: 'x' }, ['name']),
      tokens.update(admin, record.id, 2, { expiresAt: clock.ms + 1e9 }, ['expiresAt']),
      tokens.rotate(admin, record.id, 60, 0),
      tokens.revokeJwts(admin, record.id, { jti: 'x' }, ''),
      sign(record.id),
    ]) {
      await expectRefused(call, 'FAILED_PRECONDITION', 'revoked');
    }
    expect(await store.get(record.id)).toEqual(after);
    expect(before?.secrets).toEqual(after?.secrets);
    expect(secret).toBeDefined();
  });
  test('wins over concurrent changes', async () => {
    const { record, secret } = await make();
    await Promise.allSettled([
      tokens.rotate(admin, record.id, 60, 0),
      tokens.revoke(admin, record.id, ''),
      tokens.rotate(admin, record.id, 60, 0),
      tokens.update(admin, record.id, 1, { name: 'x' }, ['name']),
    ]);
    expect(await verdictOn(secret)).toBe('REVOKED');
  });
  test.each(['r'.repeat(257), 'a\nb', 'a\ud800'])('a reason %j is refused', async reason => {
    const { record } = await make();
    const call = tokens.revoke(admin, record.id, reason);
    await expectRefused(call, 'INVALID_ARGUMENT', /^reason: /);
    expect(await store.get(record.id)).toEqual(record);
  });
});

describe('revoke JWTs', () => {
  test('by jti: only this one', async () => {
    const { record } = await make('jwt');
    const [bad, good] = [await sign(record.id), await sign(record.id)];
    await tokens.revokeJwts(admin, record.id, { jti: bad.jti }, '');
    expect(await verdictOn(bad.header)).toBe('REVOKED');
    expect(await verdictOn(good.header)).toBe('valid');
  });
  test('by subject: those issued until now', async () => {
    const { record } = await make('jwt');
    const [bad, good] = [await sign(record.id, 'ann'), await sign(record.id, 'bob')];
    clock.ms += 1000;
    await tokens.revokeJwts(admin, record.id, { subject: 'ann' }, '');
    expect(await verdictOn(bad.header)).toBe('REVOKED');
    expect(await verdictOn(good.header)).toBe('valid');
    clock.ms += 1000;
    expect(await verdictOn((await sign(record.id, 'ann')).header)).toBe('valid');
  });
  test('all issued before a time; an earlier time later undoes nothing', async () => {
    const { record } = await make('jwt');
    const bad = await sign(record.id);
    clock.ms += 1000;
    await tokens.revokeJwts(admin, record.id, { issuedBefore: clock.ms }, '');
    const after = await tokens.revokeJwts(admin, record.id, { issuedBefore: 1 }, '');
    expect(after.revokedJwts?.issuedBefore).toBe(clock.ms);
    expect(await verdictOn(bad.header)).toBe('REVOKED');
    expect(await verdictOn((await sign(record.id)).header)).toBe('valid');
  });
  test('the audit entry holds what was added, so that a store that lost it gets it back', async () => {
    const { record } = await tokens.create(admin, 'jwt', fields());
    const added = async () => (await store.events({ order: 'newest', limit: 1 }))[0]?.after;
    await tokens.revokeJwts(admin, record.id, { jti: 'one' }, '');
    const first = (await store.get(record.id))?.revokedJwts;
    expect(await added()).toMatchObject({ jwtsRevoked: first });
    await tokens.revokeJwts(admin, record.id, { subject: 'ann' }, '');
    const subjects = (await store.get(record.id))?.revokedJwts?.subjects;
    expect((await added())?.jwtsRevoked).toEqual({ key: first?.key, subjects });
    await tokens.revokeJwts(admin, record.id, { issuedBefore: clock.ms }, '');
    expect((await added())?.jwtsRevoked).toEqual({ issuedBefore: clock.ms });
  });

  test('the record holds neither jti nor subject', async () => {
    const { record } = await make('jwt');
    await tokens.revokeJwts(admin, record.id, { jti: 'my-jti' }, '');
    await tokens.revokeJwts(admin, record.id, { subject: 'ann@example.com' }, '');
    expect(JSON.stringify(await store.get(record.id))).not.toMatch(/my-jti|ann@/);
  });
  test.each<[string, Parameters<typeof tokens.revokeJwts>[2]]>([
    ['jti', { jti: '' }],
    ['jti', { jti: 'j'.repeat(257) }],
    ['jti', { jti: 'a\0' }],
    ['subject', { subject: '' }],
    ['subject', { subject: 's'.repeat(257) }],
    ['issued_before', { issuedBefore: 0 }],
    ['issued_before', { issuedBefore: -1 }],
    ['issued_before', { issuedBefore: Number.NaN }],
    ['issued_before', { issuedBefore: 1e15 }],
  ])('a wrong %s is reported: %j', async (field, target) => {
    const { record } = await make('jwt');
    const call = tokens.revokeJwts(admin, record.id, target, '');
    await expectRefused(call, 'INVALID_ARGUMENT', new RegExp(`^${field}: `));
  });
  test('is refused for a static one', async () => {
    const { record } = await make();
    const call = tokens.revokeJwts(admin, record.id, { jti: 'x' }, '');
    await expectRefused(call, 'FAILED_PRECONDITION', 'static');
  });
  test('up to the limit of the record; before a time also beyond it', async () => {
    const { record } = await make('jwt');
    const names = Array.from({ length: 10_000 }, (_, n) => [`h${n}`, 1] as const);
    const full = { ...record, revokedJwts: { ids: Object.fromEntries(names) } };
    expect(() => withRevokedJwts(keys, full, { jti: 'x' }, clock.ms, 10_000)).toThrow(
      'rotate its secret key',
    );
    expect(() => withRevokedJwts(keys, full, { subject: 'x' }, clock.ms, 10_000)).toThrow(
      'rotate its secret key',
    );
    const after = withRevokedJwts(keys, full, { issuedBefore: clock.ms }, clock.ms, 10_000);
    expect(after.revokedJwts?.issuedBefore).toBe(clock.ms);
  });
});

describe('revocations only grow', () => {
  test('a subject revoked again by a clock that is behind keeps the later time', async () => {
    const { record } = await make('jwt');
    const at = clock.ms;
    await tokens.revokeJwts(admin, record.id, { subject: 'ada' }, '');
    clock.ms -= 3000;
    const again = await tokens.revokeJwts(admin, record.id, { subject: 'ada' }, '');
    clock.ms += 3000;
    expect(Object.values(again.revokedJwts?.subjects ?? {})).toEqual([at]);
    expect(again.updatedAt).toBe(at);
  });
  test('subjects, also those without a key, give way to a later time that covers them', () => {
    const revokedJwts = { ids: { old: 1 }, subjects: { before: 5, after: 7 } };
    const record = { ...jwtRecord(), revokedJwts };
    const after = withRevokedJwts(keys, record, { issuedBefore: 6 }, clock.ms, 10);
    expect(after.revokedJwts).toEqual({ ids: { old: 1 }, subjects: { after: 7 }, issuedBefore: 6 });
  });

  test('a jti stays revoked when all JWTs issued before a later time are', async () => {
    const { record } = await make('jwt');
    const { revokedJwts } = await tokens.revokeJwts(admin, record.id, { jti: 'j' }, '');
    clock.ms += 7_200_000;
    await tokens.revokeJwts(admin, record.id, { issuedBefore: clock.ms }, '');
    const again = await tokens.revokeJwts(admin, record.id, { jti: 'j' }, '');
    expect(again.revokedJwts?.ids).toEqual(revokedJwts?.ids);
  });
});
