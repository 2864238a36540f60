/** The proof of a credential by its record: grace, confused kinds, altered records. */

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { describe, expect, test, vi } from 'vitest';
import type { AccessTokenRecord, Secret } from '../../src/store/record.ts';
import { Unavailable } from '../../src/store/store.ts';
import { parseAuthorization } from '../../src/verify/credential.ts';
import type { MasterKeys } from '../../src/verify/master-keys.ts';
import { createProve } from '../../src/verify/prove.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { defaultLimits, roomy } from '../limits.ts';
import {
  answer,
  jwtRecord,
  keys,
  now,
  nowMs,
  sign,
  staticRecord,
  verifierOf,
  verifierOver,
} from './setup.ts';

const claims = { exp: now + 60 };
const bearer = (kid: string, key?: string) => `Bearer ${sign({ alg: 'HS256', kid }, claims, key)}`;
const [one, two] = ['usk_one'.padEnd(40, '1'), 'usk_two'.padEnd(40, '2')] as const;

describe('grace after a rotation, to the millisecond', () => {
  test('static', async () => {
    const before = staticRecord();
    const after = staticRecord({ id: before.record.id });
    const [old] = before.record.secrets as [Secret];
    after.record.secrets.push({ ...old, goodUntil: nowMs });
    const ask = (token: string, at: number) => answer([after.record], { header: token }, at);
    expect(await ask(before.token, nowMs - 1)).toBe('valid');
    expect(await ask(before.token, nowMs)).toBe('INVALID_TOKEN');
    expect(await ask(after.token, nowMs)).toBe('valid');
  });
  test('jwt', async () => {
    const record = jwtRecord();
    record.secrets = [
      { ...keys.seal(two, record.id), createdAt: 2 },
      { ...keys.seal(one, record.id), createdAt: 1, goodUntil: nowMs },
    ];
    const ask = (key: string, at: number) =>
      answer([record], { header: bearer(record.id, key) }, at);
    expect(await ask(one, nowMs - 1)).toBe('valid');
    expect(await ask(one, nowMs)).toBe('INVALID_TOKEN');
    expect(await ask(two, nowMs)).toBe('valid');
  });
});

describe('kinds that are confused', () => {
  test('the UUID of a static access token as kid', async () => {
    const { record, token } = staticRecord();
    for (const key of ['', token, record.secrets[0]?.value ?? '']) {
      expect(await answer([record], { header: bearer(record.id, key) })).toBe('INVALID_TOKEN');
    }
  });
  test('the UUID of a jwt access token in a static token', async () => {
    const record = jwtRecord();
    const token = makeStaticToken(record.id);
    expect(await answer([record], { header: token })).toBe('INVALID_TOKEN');
    const value = keys.hash(token, 'k1').toString('base64url');
    record.secrets = [{ masterKeyId: 'k1', value, createdAt: 1 }];
    expect(await answer([record], { header: token })).toBe('INVALID_TOKEN');
  });
  test('the secret key sent as a token', async () => {
    const record = jwtRecord();
    expect(await answer([record], { header: one })).toBe('INVALID_TOKEN');
  });
  test.each([
    ['in use', {}],
    ['revoked', { revokedAt: 1 }],
    ['expired', { expiresAt: 1 }],
  ])('a forged static token for the UUID of an access token that is %s', async (_, fields) => {
    const { record } = staticRecord(fields);
    const forged = makeStaticToken(record.id);
    expect(await answer([record], { header: forged })).toBe('INVALID_TOKEN');
  });
  test('a record without secrets proves nothing', async () => {
    const { record, token } = staticRecord({ secrets: [] });
    expect(await answer([record], { header: token })).toBe('INVALID_TOKEN');
    const empty = jwtRecord({ secrets: [] });
    expect(await answer([empty], { header: bearer(empty.id) })).toBe('INVALID_TOKEN');
  });
});

describe('a record that was altered gives no verdict', () => {
  const jwtFor = (record: AccessTokenRecord) => verifierOf([record])({ header: bearer(record.id) });
  const altered = (change: (secret: Secret) => Partial<Secret>) => {
    const record = jwtRecord();
    record.secrets = record.secrets.map(secret => ({ ...secret, ...change(secret) }));
    return record;
  };
  test.each<[string, (secret: Secret) => Partial<Secret>]>([
    ['a byte changed', ({ value }) => ({ value: (value[0] === 'A' ? 'B' : 'A') + value.slice(1) })],
    ['cut', ({ value }) => ({ value: value.slice(0, 20) })],
    ['emptied', () => ({ value: '' })],
    ['a master key that is not listed', () => ({ masterKeyId: 'gone' })],
  ])('jwt: %s', async (_, change) => {
    await expect(jwtFor(altered(change))).rejects.toThrow(Unavailable);
  });
  test('jwt: a secret shorter than 32 bytes, although rightly sealed', async () => {
    const record = jwtRecord();
    record.secrets = [{ ...keys.seal('short', record.id), createdAt: 1 }];
    const header = bearer(record.id, 'short');
    await expect(verifierOf([record])({ header })).rejects.toThrow(Unavailable);
  });
  test('jwt: the secret of another record, also after it was opened there', async () => {
    const mine = jwtRecord();
    const theirs = jwtRecord({ secrets: mine.secrets });
    const verify = verifierOf([mine, theirs]);
    expect((await verify({ header: bearer(mine.id) })).valid).toBe(true);
    await expect(verify({ header: bearer(theirs.id) })).rejects.toThrow(Unavailable);
  });
  test.each<[string, Partial<Secret>]>([
    ['a hash cut short', { value: 'AAAA' }],
    ['an empty hash', { value: '' }],
    ['a master key that is not listed', { masterKeyId: 'gone' }],
  ])('static: %s', async (_, change) => {
    const { record, token } = staticRecord();
    record.secrets = record.secrets.map(secret => ({ ...secret, ...change }));
    await expect(verifierOf([record])({ header: token })).rejects.toThrow(Unavailable);
  });
  test('a store that is down gives no verdict either', async () => {
    const find = () => Promise.reject(new Unavailable('down'));
    const verify = verifierOver({ find, isCurrent: () => false });
    await expect(verify({ header: staticRecord().token })).rejects.toThrow(Unavailable);
    expect(await verify({ header: 'x' })).toMatchObject({ reason: 'INVALID_TOKEN' });
  });
});

describe('what is unknown costs as much as what is wrong', () => {
  test('one signature is checked for an unknown kid, a static UUID, and a wrong signature', async () => {
    const record = jwtRecord();
    const { record: fixed } = staticRecord();
    const verify = verifierOf([record, fixed]);
    await verify({ header: bearer(record.id) });
    const checked = vi.spyOn(crypto, 'createHmac');
    syncBuiltinESMExports();
    for (const header of [
      bearer('01890a5d-ac96-774b-bcce-b302099a8057'),
      bearer(fixed.id),
      bearer(record.id, two),
    ]) {
      checked.mockClear();
      expect((await verify({ header })).valid).toBe(false);
      expect(checked).toHaveBeenCalledTimes(1);
    }
    checked.mockRestore();
    syncBuiltinESMExports();
  });
  test('no signature is checked where the header of the JWT forbids it', async () => {
    const record = jwtRecord();
    const verify = verifierOf([record]);
    await verify({ header: bearer(record.id) });
    const head = { alg: 'HS256', kid: record.id };
    const [, payload, signature] = bearer(record.id).split('.');
    const sent = [
      ...[{ crit: ['exp'] }, { b64: false }, { zip: 'DEF' }, { jku: 'https://evil.test' }],
      ...[{ x5u: 'https://evil.test' }, { jwk: {} }, { alg: 'none' }, { alg: 'HS512' }],
      { a: [[[[1]]]] },
    ].map(more => `Bearer ${sign({ ...head, ...more }, claims)}`);
    const twice = `{"alg":"HS256","alg":"HS256","kid":"${record.id}"}`;
    sent.push(`Bearer ${sign(twice, claims)}`);
    for (const bent of [`${payload}=`, `+${payload}`]) {
      sent.push(`${bearer(record.id).split('.')[0]}.${bent}.${signature}`);
    }
    const checked = vi.spyOn(crypto, 'createHmac');
    syncBuiltinESMExports();
    for (const header of sent) {
      checked.mockClear();
      expect((await verify({ header })).valid, header).toBe(false);
      expect(checked, header).not.toHaveBeenCalled();
    }
    checked.mockRestore();
    syncBuiltinESMExports();
  });
  test('at most openedKeysMax decrypted secrets of jwt access tokens are cached', () => {
    const [ann, bob] = [jwtRecord(), jwtRecord()];
    let opened = 0;
    const counting: MasterKeys = {
      ...keys,
      open(sealed, bound) {
        opened += 1;
        return keys.open(sealed, bound);
      },
    };
    const openedBy = (entriesMax: number) => {
      const prove = createProve(counting, { ...roomy, entriesMax });
      opened = 0;
      for (const record of [ann, bob, ann, bob]) {
        const credential = parseAuthorization(bearer(record.id), defaultLimits.verify);
        if (typeof credential === 'string') throw new Error(credential);
        expect(prove(credential, record, nowMs)).toBeDefined();
      }
      return opened;
    };
    expect([openedBy(2), openedBy(1)]).toEqual([2, 4]);
  });

  test('one hash is computed for an unknown UUID, a jwt UUID, and a wrong token', async () => {
    let hashes = 0;
    const counting: MasterKeys = {
      ...keys,
      hash(token, id) {
        hashes += 1;
        return keys.hash(token, id);
      },
    };
    const prove = createProve(counting, roomy);
    const { record } = staticRecord();
    for (const known of [undefined, jwtRecord(), record]) {
      hashes = 0;
      const token = makeStaticToken(record.id);
      const credential = { kind: 'static', tokenId: record.id, token } as const;
      expect(prove(credential, known, nowMs)).toBeUndefined();
      expect(hashes).toBe(1);
    }
  });
});
