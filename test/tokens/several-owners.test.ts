/** A caller that is limited to several owners, as people are. */

import { expect, test } from 'vitest';
import type { Caller } from '../../src/tokens/caller.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, lookup, audit } = openOffice();
const some: Caller = { ...admin, actor: 'admin of two', owners: ['ann', 'bob'] };
const owners = ['ann', 'bob', 'eve', undefined];
const made: { id: string; owner: string | undefined }[] = [];
for (let n = 0; n < 60; n++) {
  const owner = owners[n % owners.length];
  const { record } = await tokens.create(admin, 'static', fields({ owner, name: `t${n}` }));
  made.push({ id: record.id, owner });
}
const own = made.filter(({ owner }) => owner === 'ann' || owner === 'bob').map(({ id }) => id);

test.each(['newest', 'oldest'] as const)(
  'lists the tokens of all of them, %s first',
  async sort => {
    for (const pageSize of [1, 7, 200]) {
      const listed: string[] = [];
      let pageToken = '';
      do {
        const page = await tokens.list(some, { pageSize, pageToken, sort });
        expect(page.total).toBe(own.length);
        listed.push(...page.records.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(listed).toEqual(sort === 'oldest' ? own : own.toReversed());
    }
  },
);

test('lists those of one of them, and none of another', async () => {
  const of = async (owner: string) =>
    (await tokens.list(some, { pageSize: 200, sort: 'newest', owner })).records.length;
  expect([await of('ann'), await of('bob'), await of('eve')]).toEqual([15, 15, 0]);
});

test('must name one of them for a new token, and may name no other', async () => {
  const create = (owner?: string) =>
    tokens.create(some, 'static', fields({ owner, scopes: ['usher.admin'] }));
  await expectRefused(create(), 'INVALID_ARGUMENT', /^owner: name one of the owners/);
  await expectRefused(create('eve'), 'PERMISSION_DENIED', /^owner: /);
  const { record } = await create('bob');
  expect(record.owner).toBe('bob');
  const moved = await tokens.update(some, record.id, 1, { owner: 'ann' }, ['owner']);
  expect(moved.owner).toBe('ann');
  await tokens.revoke(admin, record.id, 'over');
});

test('finds and reads those of them alone', async () => {
  for (const { id, owner } of made) {
    const isOwn = owner === 'ann' || owner === 'bob';
    expect((await lookup(some, { text: id, pageToken: '' })).matches).toHaveLength(isOwn ? 1 : 0);
    const query = { pageSize: 10, tokenId: id, oldestFirst: true };
    if (isOwn) expect((await audit.list(some, query)).events).toHaveLength(1);
    else await expectRefused(audit.list(some, query), 'NOT_FOUND');
  }
});

test('without any owner sees nothing', async () => {
  const none = { ...some, owners: [] };
  const page = await tokens.list(none, { pageSize: 10, sort: 'newest' });
  expect(page).toMatchObject({ records: [], total: 0, nextPageToken: '' });
  await expectRefused(tokens.get(none, made[3]?.id ?? ''), 'NOT_FOUND');
  await expectRefused(tokens.create(none, 'static', fields()), 'INVALID_ARGUMENT');
});
