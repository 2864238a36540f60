/** Finding the entry that revoked a `jti` or subject, of which the log has keyed digests. */

import { beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { createAudit } from '../../src/tokens/audit.ts';
import type { RevocationQuery } from '../../src/tokens/audit-revocations.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const { tokens, audit, store, keys, now } = openOffice();
let id = '';
let other = '';
beforeAll(async () => {
  id = (await tokens.create(admin, 'jwt', fields({ owner: 'ann' }))).record.id;
  other = (await tokens.create(admin, 'jwt', fields({ owner: 'bob' }))).record.id;
  await tokens.revokeJwts(admin, id, { jti: 'jwt-1' }, 'lost phone');
  await tokens.revokeJwts(admin, id, { subject: 'user-1' }, '');
  await tokens.revokeJwts(admin, id, { issuedBefore: now() }, '');
  await tokens.revokeJwts(admin, other, { subject: 'user-1' }, '');
});

const find = async (query: RevocationQuery, caller = reader) => {
  const { matches, nextPageToken } = await audit.findRevocations(caller, query);
  expect(nextPageToken).toBe('');
  return matches.map(({ event, revoked }) => `${event.sequence} ${revoked}`);
};

describe('finds', () => {
  test.each<[string, RevocationQuery, string[]]>([
    ['a jti', { value: 'jwt-1' }, ['3 jti']],
    ['a subject, of all access tokens', { value: 'user-1' }, ['6 subject', '4 subject']],
    ['in one entry', { value: 'user-1', sequence: 4 }, ['4 subject']],
    ['nothing in another entry', { value: 'user-1', sequence: 3 }, []],
    ['nothing in an entry that is not there', { value: 'user-1', sequence: 99 }, []],
    ['nothing of another text', { value: 'user-2' }, []],
  ])('%s', async (_, query, wanted) => expect(await find(query)).toEqual(wanted));

  test('those of one access token, and of the owner that a caller is limited to', async () => {
    expect(await find({ value: 'user-1', tokenId: id.toUpperCase() })).toEqual(['4 subject']);
    expect(await find({ value: 'user-1' }, adminOf('bob'))).toEqual(['6 subject']);
    expect(await find({ value: 'jwt-1', sequence: 3 }, adminOf('bob'))).toEqual([]);
    const call = audit.findRevocations(adminOf('bob'), { value: 'jwt-1', tokenId: id });
    await expectRefused(call, 'NOT_FOUND');
  });
});

test('the log holds no subject and no jti, and a mistake repeats nothing of what was sent', async () => {
  const { events } = await audit.list(reader, { pageSize: 0, oldestFirst: true });
  const found = await audit.findRevocations(reader, { value: 'user-1' });
  expect(JSON.stringify([events, found])).not.toMatch(/user-1|jwt-1/);
  const call = audit.findRevocations(reader, { value: 'user-1\n', tokenId: 'x', sequence: 0 });
  await expectRefused(call, 'INVALID_ARGUMENT', /^value: has a control character; token_id: /);
  for (const [value, problem] of [
    ['', /^value: is empty$/],
    ['x'.repeat(257), /^value: is longer than 256 characters$/],
  ] as const) {
    await expectRefused(audit.findRevocations(reader, { value }), 'INVALID_ARGUMENT', problem);
  }
});

test('needs a scope that may read the log', async () => {
  const issuer = { ...reader, scopes: ['usher.jwts.issue'] };
  await expectRefused(audit.findRevocations(issuer, { value: 'x' }), 'PERMISSION_DENIED');
});

describe('of more than a page', () => {
  const office = openOffice();
  const perPage = 50;
  let mine = '';
  let sealed = '';
  beforeAll(async () => {
    const { record } = await office.tokens.create(admin, 'jwt', fields({ name: 'phones' }));
    mine = record.id;
    for (let n = 0; n <= perPage; n++) {
      office.clock.ms += 1;
      await office.tokens.revokeJwts(admin, mine, { subject: 'user-1' }, '');
    }
  });

  test('the next page goes on behind the first, and both say how far the search is', async () => {
    const first = await office.audit.findRevocations(reader, { value: 'user-1' });
    sealed = first.nextPageToken;
    expect(first.matches).toHaveLength(perPage);
    expect(first).toMatchObject({ examined: perPage, left: 2, names: { [mine]: 'phones' } });
    const next = await office.audit.findRevocations(reader, { value: 'user-1', pageToken: sealed });
    expect(next.matches.map(({ event }) => event.sequence)).toEqual([2]);
    expect(next).toMatchObject({ examined: 2, left: 0, nextPageToken: '' });
  });

  test.each<[string, () => Partial<RevocationQuery>]>([
    ['text', () => ({ value: 'user-2' })],
    ['access token', () => ({ tokenId: mine })],
    ['entry', () => ({ sequence: 2 })],
  ])('its page token is not one of another %s', async (_, some) => {
    const query = { value: 'user-1', pageToken: sealed, ...some() };
    const call = office.audit.findRevocations(reader, query);
    await expectRefused(call, 'INVALID_ARGUMENT', /^page_token: .* that FindJwtRevocations gave/);
  });

  test('its page token is one of the same access token in capitals, and of entry 0', async () => {
    const { nextPageToken: pageToken } = await office.audit.findRevocations(reader, {
      ...{ value: 'user-1', tokenId: mine },
    });
    const { matches } = await office.audit.findRevocations(reader, {
      ...{ value: 'user-1', tokenId: mine.toUpperCase(), sequence: 0, pageToken },
    });
    expect(matches).toHaveLength(1);
    const { record } = await office.tokens.create(admin, 'jwt', fields());
    const other = office.audit.findRevocations(reader, {
      ...{ value: 'user-1', tokenId: record.id, pageToken },
    });
    await expectRefused(other, 'INVALID_ARGUMENT', /^page_token: /);
  });
});

test('the longest text that can be revoked can be found', async () => {
  const value = 'x'.repeat(256);
  await tokens.revokeJwts(admin, id, { jti: value }, '');
  expect((await audit.findRevocations(reader, { value })).matches).toHaveLength(1);
});

describe('without the master key that sealed an entry, and', () => {
  const keys = createMasterKeys([{ id: 'k2', bytes: new Uint8Array(32).fill(2) }]);
  const search = async (findRecord: () => Awaited<ReturnType<typeof store.find>>) => {
    const find: typeof store.find = tokenId =>
      tokenId === id ? findRecord() : { record: undefined, stale: false };
    return await createAudit({ store: { ...store, find }, keys, now }).findRevocations(reader, {
      value: 'jwt-1',
    });
  };
  test('with no record of its access token, nothing is found', async () => {
    expect((await search(() => ({ record: undefined, stale: false }))).matches).toEqual([]);
  });
  test('with a record that cannot be read, nothing is found', async () => {
    const down = () => {
      throw new Unavailable('down');
    };
    expect((await search(down)).matches).toEqual([]);
  });
  test('a fault of the program is reported', async () => {
    const broken = () => {
      throw new Error('a bug');
    };
    await expect(search(broken)).rejects.toThrow('a bug');
  });
});

test('a fault of the program is reported, not taken for a key that is missing', async () => {
  const open = () => {
    throw new Error('a bug');
  };
  const broken = createAudit({ store, keys: { ...keys, open }, now });
  await expect(broken.findRevocations(reader, { value: 'jwt-1' })).rejects.toThrow('a bug');
});

test('without the master key that sealed an entry, it is compared by the key of the record', async () => {
  const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
  const newest = createMasterKeys([key('k2', 2), key('k1', 1)]);
  const later = createAudit({ store, keys: createMasterKeys([key('k2', 2)]), now });
  expect((await later.findRevocations(reader, { value: 'user-1' })).matches).toEqual([]);
  const record = await store.get(id);
  const { key: sealed } = record?.revokedJwts ?? {};
  if (record === undefined || sealed === undefined) return expect.unreachable();
  const again = newest.seal(newest.open(sealed, `revocations/${id}`), `revocations/${id}`);
  const revokedJwts = { ...record.revokedJwts, key: again };
  const resealed = { ...store, find: () => ({ record: { ...record, revokedJwts }, stale: false }) };
  const found = createAudit({ store: resealed, keys: createMasterKeys([key('k2', 2)]), now });
  const { matches } = await found.findRevocations(reader, { value: 'user-1', tokenId: id });
  expect(matches.map(({ event }) => event.sequence)).toEqual([4]);
  expect((await audit.findRevocations(reader, { value: 'user-1' })).matches).toHaveLength(2);
  expect(keys.currentId).toBe('k1');
});
