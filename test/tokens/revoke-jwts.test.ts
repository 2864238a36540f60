/** Which revocations a record holds: they only grow, within a limit, and show no name. */

import { describe, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { checkTarget, type JwtTarget, withRevokedJwts } from '../../src/tokens/revoke-jwts.ts';
import { claimHashes, jwtRevokedBy } from '../../src/verify/revoked-jwts.ts';
import { jwtRecord, keys, nowMs, staticRecord } from '../verify/setup.ts';

const revoke = (record: AccessTokenRecord, target: JwtTarget, at = nowMs, most = 10) =>
  withRevokedJwts(keys, record, target, at, most);

/** By what a JWT is revoked. */
const revokedBy = (record: AccessTokenRecord, claims: object) =>
  jwtRevokedBy(keys, record, {
    ...{ all: {}, exp: 1, subject: '', audience: [], iat: nowMs / 1000 - 1 },
    ...claims,
  });

describe('the record', () => {
  test('refuses the JWT of a revoked id, and no other', () => {
    const record = revoke(revoke(jwtRecord(), { jti: 'a' }), { jti: 'b' });
    expect(revokedBy(record, { jti: 'a' })).toBe('its jti');
    expect(revokedBy(record, { jti: 'b' })).toBe('its jti');
    expect(revokedBy(record, { jti: 'c', subject: 'a' })).toBeUndefined();
  });
  test('refuses the JWTs of a subject that were issued before its revocation', () => {
    const record = revoke(jwtRecord(), { subject: 'ann' });
    expect(revokedBy(record, { subject: 'ann' })).toBe('its subject and time of issue');
    expect(revokedBy(record, { subject: 'ann', iat: nowMs / 1000 })).toBeUndefined();
    expect(revokedBy(record, { subject: 'bob', jti: 'ann' })).toBeUndefined();
  });
  test('holds hashes under a key of its own, which is made once', () => {
    const one = revoke(jwtRecord(), { jti: 'a' });
    const two = revoke(one, { subject: 'ann' });
    expect(two.revokedJwts?.key).toEqual(one.revokedJwts?.key);
    expect(JSON.stringify(two.revokedJwts)).not.toMatch(/"a"|ann/);
    expect(Object.keys(two.revokedJwts?.ids ?? {})).toEqual([claimHashes(keys, two, 'a')[0]]);
  });
  test('needs no key for a revocation by time', () => {
    const { revokedJwts } = revoke(jwtRecord(), { issuedBefore: nowMs });
    expect(revokedJwts).toEqual({ issuedBefore: nowMs, subjects: {} });
  });
});

describe('a revocation that is made again', () => {
  test('of an id keeps its first time', () => {
    const again = revoke(revoke(jwtRecord(), { jti: 'a' }), { jti: 'a' }, nowMs + 5);
    expect(Object.values(again.revokedJwts?.ids ?? {})).toEqual([nowMs]);
  });
  test('of a subject by a clock that is behind does not end earlier', () => {
    const first = revoke(jwtRecord(), { subject: 'ann' });
    const behind = revoke(first, { subject: 'ann' }, nowMs - 5);
    expect(Object.values(behind.revokedJwts?.subjects ?? {})).toEqual([nowMs]);
    const later = revoke(behind, { subject: 'ann' }, nowMs + 5);
    expect(Object.values(later.revokedJwts?.subjects ?? {})).toEqual([nowMs + 5]);
  });
  test('by time never goes back', () => {
    const record = revoke(revoke(jwtRecord(), { issuedBefore: 9 }), { issuedBefore: 7 });
    expect(record.revokedJwts?.issuedBefore).toBe(9);
  });
});

test('a revocation by time takes the place of the subjects before it, and of no id', () => {
  const one = revoke(revoke(jwtRecord(), { subject: 'ann' }, nowMs - 5), { jti: 'a' }, nowMs - 5);
  const two = revoke(one, { subject: 'bob' }, nowMs);
  const { revokedJwts } = revoke(two, { issuedBefore: nowMs - 5 });
  expect(Object.values(revokedJwts?.subjects ?? {})).toEqual([nowMs]);
  expect(Object.values(revokedJwts?.ids ?? {})).toEqual([nowMs - 5]);
});

describe('limits', () => {
  test('ids and subjects together; one that is there needs no room', () => {
    const full = revoke(revoke(jwtRecord(), { jti: 'a' }), { subject: 'ann' });
    const once = (target: JwtTarget) => () => revoke(full, target, nowMs, 2);
    expect(once({ jti: 'a' })).not.toThrow();
    expect(once({ subject: 'ann' })).not.toThrow();
    const text =
      /^the access token holds 2 revoked JWTs and subjects; rotate its secret key, which/;
    expect(once({ jti: 'b' })).toThrow(text);
    expect(once({ jti: 'b' })).toThrow(expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' }));
    expect(once({ subject: 'bob' })).toThrow(/or raise USHER_REVOKED_JWTS_MAX$/);
    expect(once({ issuedBefore: nowMs })).not.toThrow();
  });
  test('a time from 1 to now', () => {
    const at = (issuedBefore: number) => () => revoke(jwtRecord(), { issuedBefore });
    for (const time of [0, -1, nowMs + 1, Number.NaN]) {
      expect(at(time)).toThrow('issued_before: must not be in the future');
    }
    for (const time of [1, nowMs]) expect(at(time)).not.toThrow();
  });
  test('a static access token has no JWTs', () => {
    expect(() => revoke(staticRecord().record, { jti: 'a' })).toThrow(
      /is static, so it has no JWTs/,
    );
  });
  test.each<[JwtTarget, string | undefined]>([
    [{ jti: '' }, 'jti: is empty'],
    [{ subject: '' }, 'subject: is empty'],
    [{ jti: 'x'.repeat(10_000) }, 'jti: is longer than'],
    [{ subject: 'x'.repeat(10_000) }, 'subject: is longer than'],
    [{ jti: 'x' }, undefined],
    [{ subject: 'x' }, undefined],
    [{ issuedBefore: 0 }, undefined],
  ])('%j', (target, fault) => {
    const check = () => checkTarget(target);
    if (fault === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(fault);
  });
});
