/** The filters of the audit log: what passes, in bounded pages, and what a limited caller learns. */

import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ChainedEvent } from '../../src/store/audit.ts';
import { createAudit } from '../../src/tokens/audit.ts';
import type { AuditQuery } from '../../src/tokens/audit-query.ts';
import type { Caller } from '../../src/tokens/caller.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const { tokens, audit, store, keys, now, clock } = openOffice();
const ann: Caller = { ...admin, actor: 'person:ann-1', name: 'Ann Lee' };
const robot: Caller = { ...admin, actor: randomUUID(), name: 'deploy robot' };
const hourMs = 3_600_000;
let shop = '';
let stock = '';
let log: ChainedEvent[] = [];

async function read(query: Partial<AuditQuery>, caller = reader) {
  const seen: ChainedEvent[] = [];
  let pageToken: string | undefined;
  do {
    const page = await audit.list(caller, { pageSize: 0, oldestFirst: true, ...query, pageToken });
    seen.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return seen;
}
const numbers = async (query: Partial<AuditQuery>, caller = reader) =>
  (await read(query, caller)).map(({ sequence }) => sequence);

beforeAll(async () => {
  shop = (await tokens.create(ann, 'static', fields({ name: 'Shop', owner: 'red' }))).record.id;
  clock.ms += hourMs;
  stock = (await tokens.create(robot, 'jwt', fields({ name: 'Stock', owner: 'blue' }))).record.id;
  clock.ms += hourMs;
  await tokens.update(ann, shop, 1, { name: 'Web shop' }, ['name']);
  await tokens.update(ann, stock, 1, { owner: 'red' }, ['owner']);
  clock.ms += hourMs;
  await audit.add({ action: 'call.refused', actor: '', peer: '192.0.2.1', detail: 'Get: no' });
  await audit.add({ action: 'session.create', actor: ann.actor, actorName: ann.name, ...here });
  await tokens.revoke(robot, shop, 'old');
  log = await read({});
});
const here = { peer: '192.0.2.1', detail: '' };

describe('events hold the names of that time', () => {
  test('of the actor and of the access token', () => {
    expect(log.map(({ actorName, tokenName }) => [actorName, tokenName])).toEqual([
      ['Ann Lee', 'Shop'],
      ['deploy robot', 'Stock'],
      ['Ann Lee', 'Web shop'],
      ['Ann Lee', 'Stock'],
      [undefined, undefined],
      ['Ann Lee', undefined],
      ['deploy robot', 'Web shop'],
    ]);
  });
  test('but none of the admin token, whose actor says it all', async () => {
    await tokens.create({ ...admin, name: 'admin token' }, 'static', fields({ name: 'last' }));
    const [last] = (await audit.list(reader, { pageSize: 1, oldestFirst: false })).events;
    expect(last).toMatchObject({ actor: 'admin', tokenName: 'last' });
    expect(last).not.toHaveProperty('actorName');
  });
});

describe('a filter', () => {
  test.each<[string, Partial<AuditQuery>, number[]]>([
    ['by the id of an actor', { actor: 'person:ann-1' }, [1, 3, 4, 6]],
    ['by a part of its name', { actor: 'DEPLOY' }, [2, 7]],
    ['of unknown callers', { actor: 'unknown' }, [5]],
    ['by the admin token', { actor: 'admin' }, [8]],
    ['by a name that an access token has now or had', { tokenName: 'shop' }, [1, 3, 7]],
    ['by its name of now, in entries from before', { tokenName: 'web' }, [1, 3, 7]],
    ['by the owner of now', { owner: 'red' }, [1, 2, 3, 4, 7]],
    ['by an owner that lost one', { owner: 'blue' }, [2, 4]],
    ['of an action', { actions: ['token.revoke'] }, [7]],
    ['of a group of actions, and one more', { actions: ['session', 'call.refused'] }, [5, 6]],
    ['of what was refused', { outcome: 'refused' }, [5]],
    ['of what was done', { outcome: 'done', actor: 'ann' }, [1, 3, 4, 6]],
    ['that nothing passes', { tokenName: 'none of these' }, []],
  ])('%s', async (_, query, wanted) => {
    expect(await numbers(query)).toEqual(wanted);
    expect(await numbers({ ...query, oldestFirst: false })).toEqual(wanted.toReversed());
    expect(await numbers({ ...query, pageSize: 1 })).toEqual(wanted);
  });
  test('of one access token, with others', async () => {
    expect(await numbers({ tokenId: shop, actor: 'ann' })).toEqual([1, 3]);
    expect(await numbers({ tokenId: stock, outcome: 'done' })).toEqual([2, 4]);
  });
  test('by time: from, and before', async () => {
    const start = log[0]?.time ?? 0;
    expect(await numbers({ since: start + hourMs })).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(await numbers({ until: start + hourMs })).toEqual([1]);
    expect(await numbers({ since: start + 1, until: start + 3 * hourMs })).toEqual([2, 3, 4]);
    expect(await numbers({ since: start + 99 * hourMs })).toEqual([]);
    expect(await numbers({ until: start })).toEqual([]);
  });
  test('from an entry on, in both orders', async () => {
    expect(await numbers({ fromSequence: 6 })).toEqual([6, 7, 8]);
    expect(await numbers({ fromSequence: 3, oldestFirst: false })).toEqual([3, 2, 1]);
    expect(await numbers({ fromSequence: 99 })).toEqual([]);
  });
  test.each<[string, Partial<AuditQuery>]>([
    ['actor', { actor: 'x'.repeat(257) }],
    ['token_name', { tokenName: 'a\nb' }],
    ['owner', { owner: '\ud800' }],
    ['actions', { actions: ['token.creat'] }],
    ['until', { since: 2, until: 2 }],
  ])('with a wrong %s is refused', async (field, query) => {
    const call = audit.list(reader, { pageSize: 0, oldestFirst: true, ...query });
    await expectRefused(call, 'INVALID_ARGUMENT', new RegExp(`^${field}: `));
  });
  test('a page token is of its filters alone', async () => {
    const query = { pageSize: 1, oldestFirst: true, actor: 'ann' };
    const { nextPageToken: pageToken } = await audit.list(reader, query);
    const call = audit.list(reader, { ...query, actor: 'robot', pageToken });
    await expectRefused(call, 'INVALID_ARGUMENT', /^page_token: /);
  });
});

describe('names', () => {
  test('of now come with the page, of people by their actor', async () => {
    const named = createAudit({
      ...{ store, keys, now },
      nameOfActor: async actor => (actor === 'person:ann-1' ? 'Ann Ray' : undefined),
    });
    const { names } = await named.list(reader, { pageSize: 3, oldestFirst: true });
    expect(names).toEqual({ 'person:ann-1': 'Ann Ray', [shop]: 'Web shop', [stock]: 'Stock' });
    const query = { pageSize: 0, oldestFirst: true, actor: 'ray' };
    const { events } = await named.list(reader, query);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 3, 4, 6]);
  });
});

describe('a caller that is limited to owners', () => {
  test('sees the events of the access tokens that they have now, with and without filters', async () => {
    expect(await numbers({}, adminOf('red'))).toEqual([1, 2, 3, 4, 7]);
    expect(await numbers({ actor: 'robot' }, adminOf('red'))).toEqual([2, 7]);
    expect(await numbers({}, adminOf('blue'))).toEqual([]);
    expect(await numbers({ owner: 'red' }, adminOf('blue'))).toEqual([]);
  });
  test('does not learn the present name of an access token of another owner', async () => {
    const { record } = await tokens.create(admin, 'static', fields({ name: 'secret plan' }));
    await tokens.update({ ...admin, actor: record.id }, stock, 2, { name: 'Store' }, ['name']);
    const query = { pageSize: 0, oldestFirst: false };
    const { names } = await audit.list(adminOf('red'), query);
    expect(names[stock]).toBe('Store');
    expect(JSON.stringify(names)).not.toContain('secret plan');
    expect(await numbers({ actor: 'secret pl' }, adminOf('red'))).toEqual([]);
    expect(await numbers({ actor: 'secret pl' })).toHaveLength(1);
  });
});
