/** An import whose store changes, fails or fails over meanwhile, and what the audit log says of it. */

import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Store, Unavailable } from '../../src/store/store.ts';
import type { Caller } from '../../src/tokens/caller.ts';
import { createImport, type ImportItem, importLimits } from '../../src/tokens/import.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { defaultLimits } from '../limits.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { store, keys, now, tokens } = openOffice();
const once = { dryRun: false, allowWeak: false };
const imported = () => `sk_live_${randomUUID()}`;
const plain = (token: string, more: Partial<ImportItem> = {}): ImportItem => ({
  secret: { token },
  fields: fields(),
  ...more,
});

/** Imports into a store with some functions of its own. */
const into = (some: Partial<Store> = {}) =>
  createImport({ store: { ...store, ...some }, keys, now, limits: defaultLimits.verify });

/** The store's commit, before which another call makes a change. */
const overtaken = (first: () => Promise<unknown>): Partial<Store> => {
  let isFirst = true;
  return {
    async commit(change) {
      if (isFirst) {
        isFirst = false;
        await first();
      }
      return await store.commit(change);
    },
  };
};

describe('another call is faster', () => {
  test('with the same token: it is existing', async () => {
    const token = imported();
    let id = '';
    const race = overtaken(async () => {
      const [result] = await into()(admin, [plain(token)], once);
      id = result?.id ?? '';
    });
    const results = await into(race)(admin, [plain(token)], once);
    expect(results).toEqual([{ outcome: 'existing', id, problem: '' }]);
  });
  test('with another access token of the same id: it is refused', async () => {
    const id = randomUUID();
    const race = overtaken(() => into()(admin, [plain(imported(), { id })], once));
    const results = await into(race)(admin, [plain(imported(), { id })], once);
    const problem = 'id: is that of another access token';
    expect(results).toEqual([{ outcome: 'refused', id: '', problem }]);
  });
  test('with another access token of the same id: each twin is refused', async () => {
    const id = randomUUID();
    const token = imported();
    const race = overtaken(() => into()(admin, [plain(imported(), { id })], once));
    const twins = [plain(token, { id }), plain(token, { id })];
    const results = await into(race)(admin, twins, once);
    expect(results.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
  });
  test('with the same jwt secret: it is existing; with another one refused', async () => {
    const secret = (fill: number) => ({ jwtSecret: new Uint8Array(32).fill(fill) });
    for (const [other, outcome] of [
      [7, 'existing'],
      [8, 'refused'],
    ] as const) {
      const item = { id: randomUUID(), fields: fields() };
      const race = overtaken(() => into()(admin, [{ ...item, secret: secret(other) }], once));
      const [result] = await into(race)(admin, [{ ...item, secret: secret(7) }], once);
      expect(result?.outcome).toBe(outcome);
    }
  });
});

describe('the store fails', () => {
  test('nothing is still running when the call is answered', async () => {
    const [bad, good] = [imported(), imported()];
    let hasEnded = false;
    const slow: Partial<Store> = {
      async commit(change) {
        const isBad = change.record.name === 'bad';
        if (isBad) throw new Unavailable('down');
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        hasEnded = true;
        return await store.commit(change);
      },
    };
    const items = [plain(bad, { fields: fields({ name: 'bad' }) }), plain(good)];
    await expect(into(slow)(admin, items, once)).rejects.toBeInstanceOf(Unavailable);
    expect(hasEnded).toBe(true);
  });
  test.each([
    ['token', plain(imported())],
    ['jwt secret', { ...plain(''), secret: { jwtSecret: new Uint8Array(32) }, id: randomUUID() }],
  ])('a failover that lost an earlier import of a %s is told', async (_, item) => {
    await into()(admin, [item], once);
    let isLost = false;
    const lossy: Partial<Store> = {
      settle: async () => {
        isLost = true;
      },
      get: async id => (isLost ? undefined : await store.get(id)),
    };
    const again = into(lossy)(admin, [item], once);
    await expect(again).rejects.toThrow(/a failover lost an imported token; repeat the import/);
  });
  test('what an earlier call reserved is made durable first', async () => {
    const token = imported();
    await into()(admin, [plain(token)], once);
    const settled: string[][] = [];
    const seen: Partial<Store> = {
      async settleImported(digests) {
        settled.push([...digests]);
      },
    };
    await into(seen)(admin, [plain(token), plain(imported())], once);
    expect(settled).toEqual([[expect.any(String)]]);
  });
  test('an error that is no mistake of the item is not told as one', async () => {
    const broken: Partial<Store> = {
      findImported: async () => {
        throw new Unavailable('down');
      },
      importedForms: async () => ['sha256/k1/*'],
    };
    await expect(into(broken)(admin, [plain(imported())], once)).rejects.toThrow(Unavailable);
  });
});

describe('a request id', () => {
  const importAs = async (caller: Caller, token: string, requestId: string) => {
    const [result] = await into()(caller, [plain(token)], { ...once, requestId });
    return result?.outcome;
  };
  test('is the same in capitals', async () => {
    const [token, requestId] = [imported(), randomUUID()];
    expect(await importAs(admin, token, requestId)).toBe('imported');
    expect(await importAs(admin, token, requestId.toUpperCase())).toBe('imported');
  });
  test('is of one caller and one call', async () => {
    const [token, requestId] = [imported(), randomUUID()];
    expect(await importAs(admin, token, requestId)).toBe('imported');
    expect(await importAs({ ...admin, actor: 'other' }, token, requestId)).toBe('existing');
    expect(await importAs(admin, token, randomUUID())).toBe('existing');
    expect(await importAs(admin, token, '')).toBe('existing');
  });
});

test('two jwt secrets of one request are two changes, kept as texts where they are', async () => {
  const item = (text: string): ImportItem => ({
    ...{ secret: { jwtSecret: Buffer.from(text) }, id: randomUUID(), fields: fields() },
  });
  const items = [item('a passphrase that is long enough'), item('\u00fcber '.repeat(8))];
  const results = await into()(admin, items, { ...once, requestId: randomUUID() });
  expect(results.map(({ outcome }) => outcome)).toEqual(['imported', 'imported']);
  const records = await Promise.all(results.map(({ id }) => store.get(id)));
  expect(new Set(records.map(record => record?.eventId)).size).toBe(2);
  for (const record of records) expect(record?.secrets[0]).not.toHaveProperty('encoding');
});

test('a call says what is wrong with its number of items', async () => {
  const many = Array.from({ length: importLimits.itemsMax + 1 }, () => plain('x'));
  await expectRefused(into()(admin, [], once), 'INVALID_ARGUMENT', 'items: must not be empty');
  await expectRefused(into()(admin, many, once), 'INVALID_ARGUMENT', 'has more than 500 entries');
});

describe('the audit log', () => {
  test.each([
    ['plain', plain(imported())],
    ['sha256', { ...plain(''), secret: { sha256: createHash('sha256').update('a').digest() } }],
    ['sha512', { ...plain(''), secret: { sha512: createHash('sha512').update('b').digest() } }],
    [
      'jwt secret',
      { ...plain(''), secret: { jwtSecret: new Uint8Array(32).fill(9) }, id: randomUUID() },
    ],
  ] as const)('says who imported what: %s', async (detail, item) => {
    const requestId = randomUUID();
    const caller = { ...admin, peer: '192.0.2.9' };
    const [result] = await into()(caller, [item], { ...once, requestId });
    const [entry] = await store.events({ order: 'newest', limit: 1 });
    expect(entry).toMatchObject({
      ...{ action: 'token.import', actor: 'admin', peer: '192.0.2.9', tokenId: result?.id },
      ...{ detail, requestId, time: now(), after: { name: 'test', scopes: ['a'] } },
    });
    const { record } = await tokens.get(admin, result?.id ?? '');
    expect(record).toMatchObject({ revision: 1, createdAt: now(), updatedAt: now() });
  });
});

describe('the lengths that are looked up', () => {
  const formsAfter = async (...calls: number[][]) => {
    const office = openOffice();
    const take = createImport({ ...office, limits: defaultLimits.verify });
    for (const lengths of calls) {
      const items = lengths.map((length, n) => plain(String.fromCharCode(97 + n).repeat(length)));
      await take(admin, items, once);
    }
    return (await office.store.importedForms()).toSorted();
  };
  const lengths = Array.from({ length: importLimits.lengthsMax }, (_, n) => 30 + n);

  test('are those of the tokens, while there are few', async () => {
    expect(await formsAfter([30, 30, 31])).toEqual(['sha256/k1/30', 'sha256/k1/31']);
    expect(await formsAfter(lengths)).toHaveLength(importLimits.lengthsMax);
  });
  test('count those of earlier imports', async () => {
    expect(await formsAfter(lengths, [30])).toHaveLength(importLimits.lengthsMax);
    const many = await formsAfter(lengths, [99]);
    expect(many).toContain('sha256/k1/*');
    expect(many).not.toContain('sha256/k1/99');
  });
});

test('lengths of tokens under an older master key, or of hashes, do not count', async () => {
  const office = openOffice();
  const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
  const renewed = createMasterKeys([key('k2', 2), key('k1', 1)]);
  const take = (which: typeof keys, items: ImportItem[]) =>
    createImport({ ...office, keys: which, limits: defaultLimits.verify })(admin, items, once);
  const lengths = Array.from({ length: importLimits.lengthsMax }, (_, n) => 30 + n);
  await take(
    keys,
    lengths.map(length => plain('a'.repeat(length))),
  );
  await take(renewed, [
    plain('b'.repeat(90)),
    { ...plain(''), secret: { sha256: createHash('sha256').update('c').digest() } },
  ]);
  await take(renewed, [plain('d'.repeat(91))]);
  const forms = (await office.store.importedForms()).filter(form => form.includes('k2'));
  expect(forms.toSorted()).toEqual(['sha256/k2/*', 'sha256/k2/90', 'sha256/k2/91']);
});

test('a dry run says which id would be made, and twins are existing', async () => {
  const id = randomUUID();
  const token = imported();
  const items = [plain(imported(), { id }), plain(token), plain(token)];
  const results = await into()(admin, items, { ...once, dryRun: true });
  expect(results).toEqual([
    { outcome: 'imported', id, problem: '' },
    { outcome: 'imported', id: '', problem: '' },
    { outcome: 'existing', id: '', problem: '' },
  ]);
  const [first] = await into()(admin, items.slice(0, 1), once);
  expect(first).toEqual({ outcome: 'imported', id, problem: '' });
  const again = await into()(admin, items.slice(0, 1), { ...once, dryRun: true });
  expect(again).toEqual([{ outcome: 'existing', id, problem: '' }]);
});
