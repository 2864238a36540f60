/** Lists that only the directory can order, filters that it makes quick, and what there is to filter by. */

import { beforeAll, describe, expect, test } from 'vitest';
import { createAccessTokens } from '../../../src/tokens/access-tokens.ts';
import { createDirectory } from '../../../src/tokens/list/directory.ts';
import type { ListQuery } from '../../../src/tokens/list/query.ts';
import { defaultLimits } from '../../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader, startMs } from '../setup.ts';

const { tokens, clock, store, keys, now } = openOffice();
const day = 86_400_000;
const names = ['delta', 'Alpha', 'charlie', 'bravo', 'alpha', 'Echo'];
const owners = ['zoe', 'Ann', undefined, 'bob', 'ann', undefined];
const ids: string[] = [];

beforeAll(async () => {
  for (const [n, name] of names.entries()) {
    clock.ms = startMs + n * day;
    const owner = owners[n];
    const made = await tokens.create(
      n < 4 ? admin : { ...admin, actor: 'person:1' },
      'static',
      fields({ name, scopes: [`s:${n % 2}`, 'all'], ...(owner && { owner }) }),
    );
    ids.push(made.record.id);
  }
  // The second and the fourth were used, the fourth lately.
  const use = (n: number, lastUsedAt: number) => ({
    ...{ tokenId: ids[n] as string, date: '2023-11-14', count: 1 },
    lastUsedAt,
  });
  await store.addUsage([use(1, startMs + 2 * day), use(3, startMs + 90 * day)]);
  clock.ms = startMs + 100 * day;
});

async function listed(some: Partial<ListQuery>, caller = reader, by = tokens) {
  const found: string[] = [];
  let pageToken = '';
  do {
    const page = await by.list(caller, { pageSize: 2, sort: 'newest', ...some, pageToken });
    found.push(...page.records.map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

describe('orders', () => {
  test('by name, ignoring case, both ways; equal names by age', async () => {
    const sorted = ['Alpha', 'alpha', 'bravo', 'charlie', 'delta', 'Echo'];
    expect(await listed({ sort: 'name' })).toEqual(sorted);
    expect(await listed({ sort: 'name', reverse: true })).toEqual(sorted.toReversed());
  });

  test('by owner, without one last', async () => {
    const sorted = ['Alpha', 'alpha', 'bravo', 'delta', 'charlie', 'Echo'];
    expect(await listed({ sort: 'owner' })).toEqual(sorted);
    expect(await listed({ sort: 'owner', reverse: true })).toEqual(sorted.toReversed());
  });

  test('by last use, never used last; longest unused, never used first', async () => {
    const never = ['delta', 'charlie', 'alpha', 'Echo'];
    expect(await listed({ sort: 'last used' })).toEqual(['bravo', 'Alpha', ...never]);
    expect(await listed({ sort: 'last used', reverse: true })).toEqual([
      ...never,
      'Alpha',
      'bravo',
    ]);
  });

  test('by expiry, latest first', async () => {
    const { record } = await tokens.create(
      admin,
      'static',
      fields({ name: 'ends', owner: 'end', expiresAt: now() + day }),
    );
    await tokens.create(
      admin,
      'static',
      fields({ name: 'ends later', owner: 'end', expiresAt: now() + 2 * day }),
    );
    const owner = 'end';
    expect(await listed({ sort: 'expiry', owner })).toEqual(['ends', 'ends later']);
    expect(await listed({ sort: 'expiry', reverse: true, owner })).toEqual(['ends later', 'ends']);
    await tokens.update(admin, record.id, 1, { expiresAt: undefined }, ['expiresAt']);
    expect(await listed({ sort: 'expiry', owner })).toEqual(['ends later']);
  });

  test('a change of name moves it, whoever made it', async () => {
    const id = ids[0] as string;
    await tokens.update(admin, id, 1, { name: 'zulu' }, ['name']);
    expect((await listed({ sort: 'name' })).at(-1)).toBe('zulu');
    await tokens.update(admin, id, 2, { name: 'delta' }, ['name']);
    expect((await listed({ sort: 'name' })).at(-1)).toBe('ends later');
  });
});

describe('filters', () => {
  test('one scope, exactly', async () => {
    expect(await listed({ scope: 's:1' })).toEqual(['Echo', 'bravo', 'Alpha']);
    expect(await listed({ scope: 's:' })).toEqual([]);
  });

  test('unused for a time: since the last use, or since it was made', async () => {
    const lastly = { sort: 'oldest', owner: undefined } as const;
    expect(await listed({ ...lastly, unusedMs: 96 * day })).toEqual([
      ...['delta', 'Alpha', 'charlie', 'alpha'],
    ]);
    expect(await listed({ ...lastly, unusedMs: 98.5 * day })).toEqual(['delta']);
  });

  test('who made it', async () => {
    expect(await listed({ madeBy: 'person:1' })).toEqual(['Echo', 'alpha']);
    expect(await listed({ madeBy: 'person' })).toEqual([]);
  });

  test('how many match is known with the first page', async () => {
    const page = await tokens.list(reader, { pageSize: 1, sort: 'newest', scope: 's:0' });
    expect(page).toMatchObject({ matching: 3, isCounted: true, total: 8, searched: 8 });
    const all = await tokens.list(reader, { pageSize: 1, sort: 'newest' });
    expect(all).toMatchObject({ matching: 8, isCounted: true, total: 8 });
    const ofOwner = await tokens.list(reader, { pageSize: 1, sort: 'newest', owner: 'end' });
    expect(ofOwner).toMatchObject({ matching: 2, isCounted: true, total: 8 });
  });
});

describe('values to filter by', () => {
  const values = async (field: 'owner' | 'scope' | 'maker', caller = reader, text = '') => {
    const page = await tokens.listValues(caller, { field, text, limit: 3 });
    expect(page.isFinal).toBe(true);
    return page.values.map(({ value, count }) => `${value} ${count}`);
  };
  test('the most frequent first, with how many have each', async () => {
    expect(await values('scope')).toEqual(['all 6', 's:0 3', 's:1 3']);
    expect(await values('owner')).toEqual(['end 2', 'Ann 1', 'ann 1']);
    expect(await values('owner', reader, 'OB')).toEqual(['bob 1']);
    const page = await tokens.listValues(reader, { field: 'owner', text: '', limit: 1 });
    expect(page.total).toBe(5);
  });
  test('actors with their names', async () => {
    const page = await tokens.listValues(reader, { field: 'maker', text: '', limit: 9 });
    expect(page.values).toEqual([
      { value: 'admin', count: 6, label: 'admin token' },
      { value: 'person:1', count: 2, label: '' },
    ]);
  });
  test('a caller with an owner learns only what its own have', async () => {
    expect(await values('owner', adminOf('bob'))).toEqual(['bob 1']);
    expect(await values('scope', adminOf('bob'))).toEqual(['all 1', 's:1 1']);
  });
});

describe('without room for the directory', () => {
  const small = createDirectory({
    ...{ store, now, limits: { ...defaultLimits.directory, bytesMax: 500 } },
    monotonicMs: () => performance.now(),
  });
  const poor = createAccessTokens({
    store,
    keys,
    now,
    limits: defaultLimits.changes,
    directory: small,
  });
  test('searches read the store, and tell how far they are', async () => {
    expect(await listed({ text: 'alpha' }, reader, poor)).toEqual(['alpha', 'Alpha']);
    expect(await listed({ unusedMs: 98.5 * day }, reader, poor)).toEqual(['delta']);
    const page = await poor.list(reader, { pageSize: 1, sort: 'newest', text: 'alpha' });
    expect(page).toMatchObject({ isCounted: false, matching: 1, total: 8 });
    expect(page.searched).toBeGreaterThan(0);
    expect(page.searched).toBeLessThanOrEqual(8);
  });
  test('what the store has no index for is refused', async () => {
    for (const sort of ['name', 'owner', 'last used'] as const) {
      const call = poor.list(reader, { pageSize: 1, sort });
      await expectRefused(call, 'FAILED_PRECONDITION', /USHER_LIST_MEMORY_MB/);
    }
    const call = poor.listValues(reader, { field: 'owner', text: '', limit: 1 });
    await expectRefused(call, 'FAILED_PRECONDITION', /USHER_LIST_MEMORY_MB/);
  });
});
