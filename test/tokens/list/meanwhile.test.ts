/**
 * Lists while access tokens are made, changed, used and revoked, by this process and another: what
 * matches throughout, and keeps its place, is listed exactly once.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAccessTokens } from '../../../src/tokens/access-tokens.ts';
import { createDirectory } from '../../../src/tokens/list/directory.ts';
import { filterOf } from '../../../src/tokens/list/filter.ts';
import { createShortener } from '../../../src/tokens/list/listed.ts';
import { orderOf } from '../../../src/tokens/list/order.ts';
import type { ListQuery } from '../../../src/tokens/list/query.ts';
import { defaultLimits } from '../../limits.ts';
import { admin, fields, openOffice, reader } from '../setup.ts';

const { store, keys, now, clock } = openOffice();

/** The operations of a process whose directory is read in small pieces. */
function openProcess() {
  const directory = createDirectory({
    ...{ store, now },
    limits: { ...defaultLimits.directory, readAtOnce: 3, usageAgeMs: 0 },
    monotonicMs: () => performance.now(),
  });
  return createAccessTokens({ store, keys, now, limits: defaultLimits.changes, directory });
}
const here = openProcess();
const elsewhere = openProcess();
const without = createAccessTokens({ store, keys, now, limits: defaultLimits.changes });

const answers = {
  here: [here],
  elsewhere: [elsewhere],
  both: [here, elsewhere],
  mixed: [without, here],
  without: [without],
};

const sorts = ['newest', 'oldest', 'expiry', 'name', 'owner', 'last used'] as const;
const filters: Partial<ListQuery>[] = [
  ...[{}, { text: 'a' }, { owner: 'ann' }, { state: 'active' }, { scope: 'x' }],
  ...[{ kind: 'jwt', text: 'b' }, { madeBy: 'admin' }, { expiresWithinMs: 1e9 }],
] as Partial<ListQuery>[];
const names = ['ada', 'Bea', 'cab', 'dab'];
const owners = ['ann', 'Bob', undefined];
const kinds = ['create', 'rename', 'move', 'end', 'use', 'revoke'] as const;

interface Happening {
  what: (typeof kinds)[number];
  /** Chooses an access token, and what it becomes. */
  which: number;
  value: number;
}

const ids: string[] = [];

async function happen({ what, which, value }: Happening): Promise<void> {
  clock.ms += 1000;
  const id = ids[which % Math.max(1, ids.length)];
  if (what === 'create' || id === undefined || ids.length < 8) return await makeOne(value);
  const found = await store.get(id);
  if (found === undefined) throw new Error('it is gone');
  if (what === 'use') {
    const use = { tokenId: id, date: '2023-11-14', count: 1, lastUsedAt: now() };
    await store.addUsage([use]);
  } else if (found.revokedAt === undefined) {
    if (what === 'revoke') await here.revoke(admin, id, '');
    else await elsewhere.update(admin, id, found.revision, chosen(value), [changed[what]]);
  }
}

const changed = { rename: 'name', move: 'owner', end: 'expiresAt' } as const;

function chosen(value: number) {
  return {
    name: names[value % names.length] as string,
    owner: owners[value % owners.length],
    expiresAt: value % 3 === 0 ? undefined : now() + 1_000_000 + value,
  };
}

async function makeOne(value: number): Promise<void> {
  const scopes = value % 2 === 0 ? ['x'] : ['y'];
  const kind = value % 2 === 0 ? 'static' : 'jwt';
  const { record } = await here.create(admin, kind, { ...fields({ scopes }), ...chosen(value) });
  ids.push(record.id);
}

/** Where each access token stands in a list now; without those that are not in it. */
async function standing(query: ListQuery): Promise<Map<string, string>> {
  const { shorten } = createShortener();
  const passes = filterOf(query.owner ? [query.owner] : undefined, query, now());
  const { placeOf } = orderOf(query, Number.MAX_SAFE_INTEGER);
  const usage = await store.usage(ids);
  const places = new Map<string, string>();
  for (const [n, id] of ids.entries()) {
    const found = await store.get(id);
    if (found === undefined) continue;
    const listed = shorten(found, { lastUsedAt: usage[n]?.lastUsedAt ?? 0, useSeenAt: 0 });
    if (passes(listed)) places.set(id, String(placeOf(listed).key));
  }
  return places;
}

const happening = fc.record({
  what: fc.constantFrom(...kinds),
  which: fc.nat(1000),
  value: fc.nat(1000),
});

test('what keeps its place is listed exactly once, and nothing that does not match', async () => {
  const walk = fc.record({
    sort: fc.constantFrom(...sorts),
    reverse: fc.boolean(),
    filter: fc.constantFrom(...filters),
    pageSize: fc.integer({ min: 2, max: 9 }),
    // Which process answers each page.
    answering: fc.constantFrom('here', 'elsewhere', 'both', 'mixed', 'without'),
    first: fc.array(happening, { minLength: 3, maxLength: 6 }),
    between: fc.array(fc.array(happening, { maxLength: 2 }), { maxLength: 10 }),
  });
  await fc.assert(
    fc.asyncProperty(walk, async ({ sort, filter, pageSize, between, ...asked }) => {
      for (const each of asked.first) await happen(each);
      const isPlain = sort === 'newest' || sort === 'oldest';
      const reverse = asked.reverse && !isPlain;
      const isIndexed = isPlain || (sort === 'expiry' && !reverse);
      // Only the directory has other orders, and each process has its own view of uses.
      const able = answers[asked.answering].filter(each => isIndexed || each !== without);
      const answering = sort === 'last used' || able.length === 0 ? [here] : able;
      const query: ListQuery = { pageSize, sort, ...filter, reverse };
      const byExpiry: ListQuery =
        filter.expiresWithinMs !== undefined && isPlain ? { ...query, sort: 'expiry' } : query;
      const stays = await standing(byExpiry);
      const times = new Map<string, number>();
      let pageToken = '';
      let turn = 0;
      do {
        const process = answering[turn % answering.length] as typeof here;
        const page = await process.list(reader, { ...query, pageToken });
        const at = await standing(byExpiry);
        for (const { id } of page.records) {
          expect(at.has(id)).toBe(true);
          times.set(id, (times.get(id) ?? 0) + 1);
        }
        pageToken = page.nextPageToken;
        for (const each of between[turn++] ?? []) await happen(each);
        const now = await standing(byExpiry);
        for (const [id, place] of [...stays]) if (now.get(id) !== place) stays.delete(id);
        expect(turn).toBeLessThan(1000);
      } while (pageToken !== '');
      // A use before the walk can be read during it, which moves an access token: never out of the list.
      const most = sort === 'last used' ? 2 : 1;
      for (const id of stays.keys()) {
        expect(times.get(id), sort).toBeGreaterThanOrEqual(1);
        expect(times.get(id), sort).toBeLessThanOrEqual(most);
      }
    }),
    // What a run leaves in the store, a smaller one would not have.
    { numRuns: 40, endOnFailure: true },
  );
}, 60_000);
