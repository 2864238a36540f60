/** Lists: filters, orders, and pages that neither skip nor repeat. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { Kind } from '../../../src/store/record.ts';
import { type AccessTokens, createAccessTokens } from '../../../src/tokens/access-tokens.ts';
import { type ListQuery, listLimits } from '../../../src/tokens/list/query.ts';
import { defaultLimits } from '../../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader, startMs } from '../setup.ts';

const office = openOffice();
const { clock, store } = office;
const day = 86_400_000;
const { keys, now } = office;
/** Lists by the indexes of the store alone, as where there is no room for the directory. */
const without = createAccessTokens({ store, keys, now, limits: defaultLimits.changes });

/** 3000 access tokens: 3 of owner rare, every 2nd jwt, every 10th with an expiry. */
const total = 3000;
beforeAll(async () => {
  await Promise.all(
    Array.from({ length: total }, async (_, n) => {
      const kind: Kind = n % 2 === 0 ? 'static' : 'jwt';
      const owner = n % 1000 === 999 ? 'rare' : `owner${n % 3}`;
      const ends = n % 10 === 5 ? { expiresAt: startMs + (n + 1) * 1000 } : {};
      const name = n === 1500 ? 'Needle in the hay' : `token ${n}`;
      await office.tokens.create(admin, kind, { name, owner, scopes: [`scope${n % 7}`], ...ends });
    }),
  );
});

/** Reads lists by way of these operations. */
function walkerOf(tokens: AccessTokens) {
  const query = (some: Partial<ListQuery> = {}): ListQuery => ({
    pageSize: 0,
    sort: 'newest',
    ...some,
  });

  /** Reads all pages. */
  async function walk(some: Partial<ListQuery>, caller = reader, between?: () => Promise<unknown>) {
    const records = [];
    let pageToken = '';
    let pages = 0;
    do {
      const page = await tokens.list(caller, query({ ...some, pageToken }));
      expect(page.records.length).toBeLessThanOrEqual(some.pageSize || listLimits.pageSizeDefault);
      expect(page.usage).toHaveLength(page.records.length);
      records.push(...page.records);
      pageToken = page.nextPageToken;
      pages += 1;
      await between?.();
    } while (pageToken !== '');
    const ids = records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    return { records, ids, pages };
  }

  return { walk, query };
}

describe.each([
  ['with the directory', office.tokens],
  ['without it', without],
] as const)('%s', (_, tokens) => {
  const { walk, query } = walkerOf(tokens);

  describe('orders', () => {
    test('newest first, oldest first: all of them, in the order of their UUIDs', async () => {
      const { ids: newest } = await walk({ pageSize: 200, sort: 'newest' });
      const { ids: oldest } = await walk({ pageSize: 177, sort: 'oldest' });
      expect(oldest).toHaveLength(total);
      expect(oldest).toEqual([...oldest].sort());
      expect(newest).toEqual([...oldest].reverse());
    });
    test('by expiry, soonest first, without those that never end', async () => {
      const { records } = await walk({ pageSize: 7, sort: 'expiry' });
      const ends = records.map(({ expiresAt }) => expiresAt ?? 0);
      expect(ends).toHaveLength(total / 10);
      expect(ends).toEqual([...ends].sort((a, b) => a - b));
    });
    test('50 to a page by default, and the total count', async () => {
      const page = await tokens.list(reader, query());
      expect(page.records).toHaveLength(50);
      expect(page.total).toBe(await store.count());
    });
  });

  describe('filters', () => {
    test.each(['static', 'jwt'] as const)('kind %s', async kind => {
      const { records } = await walk({ pageSize: 200, kind });
      expect(records).toHaveLength(total / 2);
      expect(new Set(records.map(record => record.kind))).toEqual(new Set([kind]));
    });
    test('owner, exactly', async () => {
      expect((await walk({ owner: 'rare' })).records).toHaveLength(3);
      for (const owner of ['rar', 'Rare', 'rare ', 'rarer']) {
        expect((await walk({ owner })).records).toEqual([]);
      }
    });
    test.each(['needle', 'IN THE', 'Needle in the hay'])('text %j in a name', async text => {
      const { records } = await walk({ text });
      expect(records.map(({ name }) => name)).toEqual(['Needle in the hay']);
    });
    test('text in an owner, a scope, an id', async () => {
      expect((await walk({ pageSize: 200, text: 'RARE' })).records).toHaveLength(3);
      const { records } = await walk({ pageSize: 200, text: 'scope3' });
      expect(new Set(records.map(({ scopes }) => scopes[0]))).toEqual(new Set(['scope3']));
      const id = records[0]?.id ?? '';
      expect((await walk({ text: id.slice(-12).toUpperCase() })).ids).toEqual([id]);
    });
    test('several at once', async () => {
      const { records } = await walk({
        pageSize: 20,
        owner: 'owner1',
        kind: 'jwt',
        text: 'scope2',
      });
      expect(records.length).toBeGreaterThan(20);
      for (const record of records) {
        expect(record).toMatchObject({ owner: 'owner1', kind: 'jwt', scopes: ['scope2'] });
      }
    });
    test('a filter with few matches: short pages, none lost, and no page scans everything', async () => {
      const { records, pages } = await walk({ pageSize: 2, text: 'rare', sort: 'oldest' });
      expect(records).toHaveLength(3);
      expect(pages).toBeGreaterThan(1);
    });
    test('state', async () => {
      clock.ms = startMs + 1006 * 1000;
      const { records: expired } = await walk({ pageSize: 200, state: 'expired' });
      expect(expired).toHaveLength(101);
      const { records: active } = await walk({ pageSize: 200, state: 'active' });
      expect(active).toHaveLength(total - 101);
      expect((await walk({ state: 'revoked' })).records).toEqual([]);
      clock.ms = startMs;
    });
    test('active ones that expire within a time, inclusive', async () => {
      clock.ms = startMs + 6000;
      const { records } = await walk({ expiresWithinMs: 20_000, pageSize: 1 });
      expect(records.map(({ expiresAt = 0 }) => expiresAt - startMs)).toEqual([16_000, 26_000]);
      expect((await walk({ expiresWithinMs: 0 })).records).toEqual([]);
      expect((await walk({ expiresWithinMs: day, pageSize: 200 })).records).toHaveLength(299);
      clock.ms = startMs;
    });
  });

  describe('a caller with an owner', () => {
    test.each(['newest', 'oldest', 'expiry'] as const)('sees only its own, %s', async sort => {
      const { records } = await walk({ pageSize: 200, sort }, adminOf('owner2'));
      expect(records.length).toBeGreaterThan(50);
      expect(new Set(records.map(({ owner }) => owner))).toEqual(new Set(['owner2']));
    });
    test('finds nothing of another owner, by filter or by search', async () => {
      expect((await walk({ owner: 'rare' }, adminOf('owner2'))).records).toEqual([]);
      expect((await walk({ text: 'rare' }, adminOf('owner2'))).records).toEqual([]);
      expect((await walk({ expiresWithinMs: day }, adminOf('nobody'))).records).toEqual([]);
    });
  });

  describe('refused', () => {
    test.each([-1, 201, 1e9])('a page of %d', async pageSize => {
      const call = tokens.list(reader, query({ pageSize }));
      await expectRefused(call, 'INVALID_ARGUMENT', /^page_size: /);
    });
    test('page tokens that List did not issue, or issued for another order', async () => {
      const encoded = (text: string) => Buffer.from(text).toString('base64url');
      const { nextPageToken: ofNewest } = await tokens.list(reader, query());
      const byExpiry = query({ sort: 'expiry', pageSize: 2 });
      const { nextPageToken: ofExpiry } = await tokens.list(reader, byExpiry);
      for (const [sort, pageToken] of [
        ['newest', 'x y'],
        ['newest', encoded('01890a5d-ac96-774b-bcce-b302099a8057')],
        ['newest', 'a'.repeat(100_000)],
        ['newest', ofExpiry],
        ['oldest', ofExpiry],
        ['expiry', ofNewest],
      ] as const) {
        const call = tokens.list(reader, query({ sort, pageToken }));
        await expectRefused(call, 'INVALID_ARGUMENT', /^page_token: /);
      }
      const within = tokens.list(reader, query({ expiresWithinMs: day, pageToken: ofNewest }));
      await expectRefused(within, 'INVALID_ARGUMENT', /^page_token: /);
      expect(store.health.up).toBe(true);
    });
  });
});

// It adds to what the other tests count.
describe.each([
  ['with the directory', office.tokens],
  ['without it', without],
] as const)('%s', (_, tokens) => {
  const { walk } = walkerOf(tokens);

  describe('while others create and revoke', () => {
    test.each(['newest', 'oldest', 'expiry'] as const)(
      '%s: none is skipped or repeated',
      async sort => {
        const { ids: before } = await walk({ pageSize: 200, sort, text: 'token' });
        const caller = adminOf('busy');
        const { ids } = await walk({ pageSize: 100, sort, text: 'token' }, reader, async () => {
          const ends = { scopes: [], expiresAt: startMs + day };
          const { record } = await tokens.create(
            caller,
            'static',
            fields({ name: 'new', ...ends }),
          );
          await tokens.revoke(caller, record.id, '');
        });
        expect(ids).toEqual(before);
      },
    );
  });
});
