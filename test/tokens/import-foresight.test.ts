/** What a call of an import refuses as a whole or by item, and that a dry run foresees it. */

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { createImport, type ImportItem, importLimits } from '../../src/tokens/import.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice } from './setup.ts';

const { store, keys, now, importTokens } = openOffice();
const once = { dryRun: false, allowWeak: false };
const imported = () => `sk_live_${randomUUID()}`;
const plain = (token: string, id = ''): ImportItem => ({ secret: { token }, id, fields: fields() });
const jwt = (fill: number, id: string): ImportItem => ({
  ...{ secret: { jwtSecret: new Uint8Array(32).fill(fill) }, id, fields: fields() },
});
const into = (some: Partial<Store>) =>
  createImport({ store: { ...store, ...some }, keys, now, limits: defaultLimits.verify });

describe('a dry run foresees', () => {
  const taken = { outcome: 'refused', id: '', problem: 'id: is that of another access token' };
  const both = async (items: readonly ImportItem[]) => {
    const foreseen = await importTokens(admin, items, { ...once, dryRun: true });
    expect(await importTokens(admin, items, once)).toEqual(foreseen);
    return foreseen;
  };

  test('that two tokens of a call cannot have one id', async () => {
    const id = randomUUID();
    const first = { outcome: 'imported', id, problem: '' };
    expect(await both([plain(imported(), id), plain(imported(), id)])).toEqual([first, taken]);
  });
  test('that two secrets of a call cannot have one kid, and that a repeated one is existing', async () => {
    const id = randomUUID();
    const results = await both([jwt(1, id), jwt(2, id), jwt(1, id)]);
    const first = { outcome: 'imported', id, problem: '' };
    expect(results).toEqual([first, taken, { ...first, outcome: 'existing' }]);
  });
  test('that an unfinished import keeps the id that it assigned', async () => {
    const token = imported();
    let assigned = '';
    const broken = into({
      async reserveImported(forms, entries) {
        assigned = entries[0]?.tokenId ?? '';
        return await store.reserveImported(forms, entries);
      },
      commit: async () => Promise.reject(new Error('killed')),
    });
    await expect(broken(admin, [plain(token)], once)).rejects.toThrow('killed');
    const problem = `id: must be ${assigned}, which an unfinished import assigned, or empty`;
    expect(await both([plain(token, randomUUID())])).toEqual([{ ...taken, problem }]);
    const items = [plain(token, assigned)];
    expect(await both(items)).toEqual([{ outcome: 'imported', id: assigned, problem: '' }]);
  });
});

test('a kid that is taken while the secret is imported, and free again, is refused', async () => {
  const gone = into({ commit: async () => ({ outcome: 'conflict' }) });
  const [result] = await gone(admin, [jwt(1, randomUUID())], once);
  expect(result?.problem).toBe('id: is that of another access token');
});

test('an administrator of an owner imports no scopes that it may not give', async () => {
  const item = { ...plain(imported()), fields: fields({ scopes: ['orders.read'] }) };
  const [result] = await importTokens(adminOf('ann'), [item], once);
  expect(result).toMatchObject({ outcome: 'refused', problem: expect.stringMatching(/^scopes: /) });
});

test('a request id that is no UUID is refused; the most items of a call are not', async () => {
  const call = importTokens(admin, [plain(imported())], { ...once, requestId: 'x' });
  await expectRefused(call, 'INVALID_ARGUMENT', /^request_id: /);
  const most = Array.from({ length: importLimits.itemsMax }, () => plain(''));
  expect(await importTokens(admin, most, once)).toHaveLength(importLimits.itemsMax);
});
