/** Page tokens: they show no place, and serve only the caller and the query they were made for. */

import { describe, expect, test } from 'vitest';
import type { Caller } from '../../src/tokens/caller.ts';
import { pageTokens } from '../../src/tokens/page-token.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const key = (id: string, byte: number) => ({ id, bytes: new Uint8Array(32).fill(byte) });
const keys = createMasterKeys([key('k1', 1)]);
const paged = { rpc: 'List', query: ['', 'newest'] };
const place = '0000001700000000:01890a5d-ac96-774b-bcce-b302099a8057';

describe('a page token', () => {
  const sealed = pageTokens(keys, reader, paged).write(place);

  test('is read by the same caller for the same query', () => {
    expect(pageTokens(keys, { ...reader, peer: 'elsewhere' }, paged).read(sealed)).toBe(place);
  });
  test('shows nothing of the place', () => {
    const bytes = Buffer.from(sealed, 'base64url').toString('latin1');
    expect(`${sealed} ${bytes}`).not.toMatch(/01890a5d|1700000000/);
    expect(pageTokens(keys, reader, paged).write(place)).not.toBe(sealed);
  });
  test('is empty at the end, and for the first page', () => {
    expect(pageTokens(keys, reader, paged).write(undefined)).toBe('');
    expect(pageTokens(keys, reader, paged).read('')).toBeUndefined();
    expect(pageTokens(keys, reader, paged).read(undefined)).toBeUndefined();
  });
  test.each<[string, Caller, typeof paged]>([
    ['caller', { ...reader, actor: 'other' }, paged],
    ['owner of the caller', { ...reader, owners: ['ann'] }, paged],
    ['rpc', reader, { ...paged, rpc: 'Reseal' }],
    ['query', reader, { ...paged, query: ['', 'oldest'] }],
  ])('is refused with another %s', (_, caller, other) => {
    const read = () => pageTokens(keys, caller, other).read(sealed);
    expect(read).toThrow(/^page_token: is not a next_page_token/);
  });
  test('is refused when altered', () => {
    const altered = `${sealed.slice(0, 30)}${sealed[30] === 'A' ? 'B' : 'A'}${sealed.slice(31)}`;
    expect(() => pageTokens(keys, reader, paged).read(altered)).toThrow(/^page_token: /);
  });
  test('outlives a new first master key while the old one is listed', () => {
    const both = createMasterKeys([key('k2', 2), key('k1', 1)]);
    expect(pageTokens(both, reader, paged).read(sealed)).toBe(place);
    const newOnly = createMasterKeys([key('k2', 2)]);
    expect(() => pageTokens(newOnly, reader, paged).read(sealed)).toThrow(/^page_token: /);
  });
});

test('the lists of another owner are not shown by page tokens', async () => {
  const { tokens, audit, now } = openOffice();
  const expiresAt = now() + 86_400_000;
  for (let n = 0; n < 3; n++) {
    await tokens.create(admin, 'static', fields({ owner: 'ann', expiresAt: expiresAt + n }));
  }
  const query = { pageSize: 1, sort: 'expiry' } as const;
  const { records, nextPageToken } = await tokens.list(adminOf('ann'), query);
  const next = await tokens.list(adminOf('ann'), {
    ...query,
    pageSize: 2,
    pageToken: nextPageToken,
  });
  expect(next.records.map(({ id }) => id)).not.toContain(records[0]?.id);
  const stolen = tokens.list(adminOf('bob'), { ...query, pageToken: nextPageToken });
  await expectRefused(stolen, 'INVALID_ARGUMENT', /^page_token: /);

  const events = { pageSize: 1, oldestFirst: true };
  const page = await audit.list(admin, events);
  const other = audit.list(reader, { ...events, pageToken: page.nextPageToken });
  await expectRefused(other, 'INVALID_ARGUMENT', /^page_token: /);
});
