/** The import of tokens from other systems: they verify unchanged, and repeats change nothing. */

import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ImportedEntry, Store } from '../../src/store/store.ts';
import { createAccessTokens } from '../../src/tokens/access-tokens.ts';
import { createImport, type ImportItem, importLimits } from '../../src/tokens/import.ts';
import { createFindImported } from '../../src/verify/imported.ts';
import { createKeyRing } from '../../src/verify/key-ring.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const { store, keys, now, clock, tokens, verify, verdictOn } = openOffice();
const importTokens = createImport({ store, keys, now, limits: defaultLimits.verify });
const once = { dryRun: false, allowWeak: false };

let number = 0;
const imported = () => `sk_live_${String(++number).padStart(4, '0')}-${randomUUID()}`;
const plain = (token: string, more: Partial<ImportItem> = {}): ImportItem => ({
  secret: { token },
  fields: fields(),
  ...more,
});
const hashed = (token: string, name: 'sha256' | 'sha512'): ImportItem => {
  const digest = createHash(name).update(token).digest();
  return {
    secret: name === 'sha256' ? { sha256: digest } : { sha512: digest },
    fields: fields(),
  };
};
const one = async (item: ImportItem, options = {}) => {
  const [result] = await importTokens(admin, [item], { ...once, ...options });
  if (result === undefined) throw new Error('no result');
  return result;
};

/** A store that counts lookups in the index of imported tokens. */
function counted() {
  const asked: string[] = [];
  const index = {
    importedForms: () => store.importedForms(),
    findImported(digest: string) {
      asked.push(digest);
      return store.findImported(digest);
    },
  };
  return { asked, index };
}

test('before any import, the index is not read', async () => {
  const { asked, index } = counted();
  expect(await createFindImported(index, keys)(imported())).toBeUndefined();
  expect(asked).toEqual([]);
});

describe('an imported token verifies', () => {
  test.each(['plain', 'sha256', 'sha512'] as const)('%s', async how => {
    const token = imported();
    const item = how === 'plain' ? plain(token) : hashed(token, how);
    expect(await verdictOn(token)).toBe('INVALID_TOKEN');
    const { outcome, id } = await one(item);
    expect(outcome).toBe('imported');
    expect(await verdictOn(token)).toBe('valid');
    expect(await verdictOn(`Bearer ${token}`)).toBe('valid');
    expect(await verdictOn(`${token}x`)).toBe('INVALID_TOKEN');
    const verdict = await verify({ header: token });
    expect(verdict).toMatchObject({ identity: { tokenId: id, kind: 'static', scopes: ['a'] } });
    const { record } = await tokens.get(reader, id);
    expect(record.imported).toBe(how);
    expect(JSON.stringify(record)).not.toContain(token);
  });

  test('with every character that a header can carry', async () => {
    const token = `!#$%&'()*+-./09:;<=>?@AZ[]^_\`az{|}~`;
    expect((await one(plain(token))).outcome).toBe('imported');
    expect(await verdictOn(token)).toBe('valid');
  });

  test.each([
    ['three dotted parts', () => `SG.${randomUUID()}.${randomUUID()}`],
    ['three dotted parts, of which the first is JSON', () => `WzFd.${randomUUID()}.x`],
    ['spaces', () => `Token ${randomUUID()} of  mine`],
  ])('with %s, with the scheme and without, in plain and by hash', async (_, make) => {
    for (const item of [plain, (token: string) => hashed(token, 'sha256')]) {
      const token = make();
      const before = token.includes(' ') ? 'MALFORMED_CREDENTIALS' : 'INVALID_TOKEN';
      expect([await verdictOn(token), await verdictOn(`Bearer ${token}`)]).toEqual([
        before,
        before,
      ]);
      expect((await one(item(token))).outcome).toBe('imported');
      expect([await verdictOn(token), await verdictOn(`Bearer ${token}`)]).toEqual([
        'valid',
        'valid',
      ]);
    }
  });

  test('under the UUID that was given, with its fields, to its end', async () => {
    const token = imported();
    const id = randomUUID();
    const expiresAt = clock.ms + 5000;
    const item = plain(token, { id, fields: fields({ owner: 'ann', expiresAt }) });
    expect(await one(item)).toEqual({ outcome: 'imported', id, problem: '' });
    expect(await verify({ header: token })).toMatchObject({ identity: { owner: 'ann' } });
    clock.ms += 5000;
    expect(await verdictOn(token)).toBe('EXPIRED');
  });

  test('a token of another Usher keeps the UUID in it', async () => {
    const id = randomUUID();
    const token = makeStaticToken(id);
    expect((await one(plain(token, { id: randomUUID() }))).problem).toContain(`must be ${id}`);
    expect(await one(plain(token))).toEqual({ outcome: 'imported', id, problem: '' });
    expect(await verdictOn(token)).toBe('valid');
  });
});

describe('its lifetime', () => {
  test('revoked, it is refused, and cannot be imported back', async () => {
    const token = imported();
    const { id } = await one(plain(token));
    expect(await verdictOn(token)).toBe('valid');
    await tokens.revoke(admin, id, 'leaked');
    expect(await verdictOn(token)).toBe('REVOKED');
    expect(await one(plain(token))).toEqual({ outcome: 'existing', id, problem: '' });
    expect(await verdictOn(token)).toBe('REVOKED');
  });

  test('rotated, it becomes a token of Usher, and the old one has its grace', async () => {
    const token = imported();
    const { id } = await one(hashed(token, 'sha512'));
    const { record, secret } = await tokens.rotate(admin, id, 60, 0);
    expect(record.imported).toBeUndefined();
    expect(secret).toMatch(/^ush_/);
    expect([await verdictOn(token), await verdictOn(secret)]).toEqual(['valid', 'valid']);
    clock.ms += 60_000;
    expect([await verdictOn(token), await verdictOn(secret)]).toEqual(['INVALID_TOKEN', 'valid']);
  });

  test('its import is in the audit log, once, without the token', async () => {
    const token = imported();
    const { id } = await one(plain(token));
    await one(plain(token));
    const events = await store.events({ order: 'oldest', tokenId: id, limit: 10 });
    expect(events).toMatchObject([
      { action: 'token.import', actor: 'admin', detail: 'plain', after: { imported: 'plain' } },
    ]);
    expect(JSON.stringify(events)).not.toContain(token);
  });
});

describe('repeated', () => {
  test('it changes nothing, with any kind of hash', async () => {
    const token = imported();
    const { id } = await one(hashed(token, 'sha512'));
    const again = { outcome: 'existing', id, problem: '' };
    expect(await one(hashed(token, 'sha512'))).toEqual(again);
    expect(await one(plain(token))).toEqual(again);
    const twice = imported();
    const results = await importTokens(admin, [plain(twice), hashed(twice, 'sha256')], once);
    expect(results.map(({ outcome }) => outcome)).toEqual(['imported', 'existing']);
    expect(results[1]?.id).toBe(results[0]?.id);
  });

  test('a repeated request gets the first answer', async () => {
    const requestId = randomUUID();
    const items = [plain(imported()), hashed(imported(), 'sha256')];
    const first = await importTokens(admin, items, { ...once, requestId });
    const second = await importTokens(admin, items, { ...once, requestId });
    expect(second).toEqual(first);
    expect(second.map(({ outcome }) => outcome)).toEqual(['imported', 'imported']);
  });

  test('concurrently, it creates one access token', async () => {
    const token = imported();
    const before = await store.count();
    const all = await Promise.all(Array.from({ length: 5 }, () => one(plain(token))));
    expect(all.filter(({ outcome }) => outcome === 'imported')).toHaveLength(1);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await store.count()).toBe(before + 1);
  });

  test('after an interruption before the access token was created, it completes', async () => {
    const token = imported();
    const reserved: ImportedEntry[] = [];
    const broken: Store = {
      ...store,
      async reserveImported(forms, entries) {
        reserved.push(...entries);
        return await store.reserveImported(forms, entries);
      },
      commit: async () => {
        throw new Error('killed');
      },
    };
    const item = plain(token);
    await expect(
      createImport({ store: broken, keys, now, limits: defaultLimits.verify })(admin, [item], once),
    ).rejects.toThrow();
    expect(await verdictOn(token)).toBe('INVALID_TOKEN');
    const other = { ...item, id: randomUUID() };
    expect((await one(other)).problem).toContain(`must be ${reserved[0]?.tokenId}`);
    const id = reserved[0]?.tokenId;
    expect(await one(item)).toEqual({ outcome: 'imported', id, problem: '' });
    expect(await verdictOn(token)).toBe('valid');
  });

  test('a dry run changes nothing', async () => {
    const token = imported();
    const before = [await store.count(), await store.head()];
    expect(await one(plain(token), { dryRun: true })).toMatchObject({ outcome: 'imported' });
    expect([await store.count(), await store.head()]).toEqual(before);
    expect(await verdictOn(token)).toBe('INVALID_TOKEN');
    const { id } = await one(plain(token));
    expect(await one(plain(token), { dryRun: true })).toMatchObject({ outcome: 'existing', id });
  });
});

describe('what is refused', () => {
  const good = imported();
  test.each<[string, ImportItem, RegExp]>([
    ['no token', plain(''), /^token: is empty/],
    ['a short token', plain('sk_live_1234567890a'), /^token: is shorter than 20 characters/],
    ['a space at the end', plain(`${good} `), /^token: begins or ends with a space/],
    ['a tab', plain(`${good}\tx`), /^token: has a character that is not printable ASCII/],
    ['a comma', plain(`${good},x`), /^token: has a comma/],
    ['a letter that is not ASCII', plain(`${good}é`), /^token: has a character that is not/],
    ['a whole header', plain(`bearer ${good}`), /^token: begins with "Bearer"/],
    ['a JWT', plain(`e30.e30.${'A'.repeat(43)}`), /^token: is a JWT/],
    ['what looks like Usher’s own', plain(`ush_${good}`), /^token: .* prefix of Usher/],
    ['one that no header can carry', plain('a'.repeat(8186)), /^token: is longer than 8185/],
    [
      'a hash of the wrong length',
      { secret: { sha256: new Uint8Array(31) }, fields: fields() },
      /^sha256: must be 32 bytes/,
    ],
    [
      'the other hash',
      { secret: { sha512: new Uint8Array(32) }, fields: fields() },
      /^sha512: must be 64 bytes/,
    ],
    ['no name', plain(good, { fields: fields({ name: '' }) }), /^name: is required/],
    ['an end that is past', plain(good, { fields: fields({ expiresAt: 1 }) }), /^expire_time: /],
    ['an id that is none', plain(good, { id: 'x' }), /^id: must be a UUID/],
  ])('%s', async (_, item, problem) => {
    const result = await one(item);
    expect(result).toMatchObject({ outcome: 'refused', id: '' });
    expect(result.problem).toMatch(problem);
    expect(result.problem).not.toContain(good);
  });

  test('the longest token that a header can carry is accepted', async () => {
    const token = 'a'.repeat(8185);
    expect((await one(plain(token))).outcome).toBe('imported');
    expect(await verdictOn(`Bearer ${token}`)).toBe('valid');
  });

  test('the longest token for the configured header limit is accepted, a longer one is not', async () => {
    const limits = { headerBytesMax: 300 };
    const take = createImport({ store, keys, now, limits });
    const tokens = ['b'.repeat(293), 'b'.repeat(294)];
    const results = await take(
      admin,
      tokens.map(token => plain(token)),
      once,
    );
    expect(results).toMatchObject([
      { outcome: 'imported' },
      { outcome: 'refused', problem: 'token: is longer than 293 characters' },
    ]);
  });

  test('a short one is accepted with allowWeak', async () => {
    expect((await one(plain('short'), { allowWeak: true })).outcome).toBe('imported');
    expect(await verdictOn('short')).toBe('valid');
  });

  test('the id of another access token', async () => {
    const { record } = await tokens.create(admin, 'static', fields());
    const token = imported();
    const taken = { outcome: 'refused', id: '', problem: 'id: is that of another access token' };
    expect(await one(plain(token, { id: record.id }))).toEqual(taken);
    const id = randomUUID();
    const items = [plain(imported(), { id }), plain(imported(), { id })];
    const results = await importTokens(admin, items, once);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['imported', 'refused']);
    expect(await verdictOn(token)).toBe('INVALID_TOKEN');
  });

  test('one bad item does not stop the others', async () => {
    const token = imported();
    const results = await importTokens(admin, [plain('x'), plain(token)], once);
    expect(results.map(({ outcome }) => outcome)).toEqual(['refused', 'imported']);
    expect(await verdictOn(token)).toBe('valid');
  });

  test('calls outside the limits', async () => {
    await expectRefused(importTokens(reader, [plain(imported())], once), 'PERMISSION_DENIED');
    await expectRefused(importTokens(admin, [], once), 'INVALID_ARGUMENT', /^items: /);
    const many = Array.from({ length: importLimits.itemsMax + 1 }, () => plain(good));
    await expectRefused(importTokens(admin, many, once), 'INVALID_ARGUMENT', /^items: /);
  });

  test('another owner than the caller’s', async () => {
    const [other, own] = await importTokens(
      adminOf('ann'),
      [{ owner: 'bob' }, {}].map(some =>
        plain(imported(), { fields: fields({ scopes: [], ...some }) }),
      ),
      once,
    );
    expect(other).toMatchObject({ outcome: 'refused' });
    expect((await store.get(own?.id ?? ''))?.owner).toBe('ann');
  });
});

describe('master keys', () => {
  const masterKey = (id: string, byte: number) => ({ id, bytes: new Uint8Array(32).fill(byte) });
  const both = createMasterKeys([masterKey('k2', 2), masterKey('k1', 1)]);
  const newOnly = createMasterKeys([masterKey('k2', 2)]);

  test('a token imported under an older one is found while that is listed', async () => {
    const token = imported();
    const { id } = await one(plain(token));
    expect(await createFindImported(store, both)(token)).toBe(id);
    const again = createImport({ store, keys: both, now, limits: defaultLimits.verify });
    expect(await again(admin, [plain(token)], once)).toMatchObject([{ outcome: 'existing', id }]);
    // Without the key, the server can no longer know whether the token exists.
    await expect(createFindImported(store, newOnly)(token)).rejects.toThrow('cannot be read');
  });

  test('one rotated under the new key is sealed by it', async () => {
    const { id } = await one(plain(imported()));
    const renewed = createAccessTokens({ store, keys: both, now, limits: defaultLimits.changes });
    const { record } = await renewed.rotate(admin, id, 60, 0);
    expect(record.secrets.map(({ masterKeyId }) => masterKeyId)).toEqual(['k2', 'k1']);
  });
});

test('of garbage, only tokens with the length of an imported one are looked up', async () => {
  const { asked, index } = counted();
  const other = openOffice();
  await createImport({ ...other, limits: defaultLimits.verify })(
    admin,
    [plain('a'.repeat(30))],
    once,
  );
  const find = createFindImported(
    { ...index, importedForms: () => other.store.importedForms() },
    keys,
  );
  await find('b'.repeat(29));
  expect(asked).toEqual([]);
  await find('b'.repeat(30));
  expect(asked).toHaveLength(1);
});

test('with too many different lengths, every length is looked up', async () => {
  const office = openOffice();
  const lengths = Array.from({ length: importLimits.lengthsMax + 1 }, (_, n) => 20 + n);
  const items = lengths.map(length => plain('a'.repeat(length)));
  await createImport({ ...office, limits: defaultLimits.verify })(admin, items, once);
  expect(await office.store.importedForms()).toEqual(['sha256/k1/*']);
  expect(await office.verdictOn('a'.repeat(20))).toBe('valid');
});

test('an import during a rotation of the master key notes the key that made the digest', async () => {
  const key = (id: string, byte: number) => ({ id, bytes: new Uint8Array(32).fill(byte) });
  const ring = createKeyRing([key('k1', 1)]);
  const rotating: Store = {
    ...store,
    async reserveImported(forms, entries) {
      ring.replace([key('k2', 2), key('k1', 1)]);
      return await store.reserveImported(forms, entries);
    },
  };
  const limits = defaultLimits.verify;
  const importNow = createImport({ store: rotating, keys: ring.keys, now, limits });
  const token = imported();
  const [result] = await importNow(admin, [plain(token)], once);
  expect(result?.outcome).toBe('imported');
  const record = await store.get(result?.id ?? '');
  expect(record?.secrets[0]?.masterKeyId).toBe('k1');
  expect(await verdictOn(token)).toBe('valid');
});
