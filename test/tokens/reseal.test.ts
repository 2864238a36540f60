/** Resealing after a change of the master key: on each change, and page by page. */

import { expect, test } from 'vitest';
import { createAccessTokens } from '../../src/tokens/access-tokens.ts';
import { createReseal } from '../../src/tokens/reseal.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const key = (id: string, byte: number) => ({ id, bytes: new Uint8Array(32).fill(byte) });
const both = createMasterKeys([key('k2', 2), key('k1', 1)]);
const newOnly = createMasterKeys([key('k2', 2)]);
const limits = defaultLimits.changes;

/** A service whose access tokens were created under k1, used later with other master keys. */
function later(keys = both) {
  const office = openOffice();
  const deps = { ...office, keys, limits };
  return { ...office, renewed: createAccessTokens(deps), reseal: createReseal(deps) };
}

const masterKeyIds = (record: { secrets: { masterKeyId: string }[] } | undefined) =>
  record?.secrets.map(({ masterKeyId }) => masterKeyId);

test('a change reseals the secret of kind jwt, and the secret stays the same', async () => {
  const { tokens, renewed, store } = later();
  const { record, secret } = await tokens.create(admin, 'jwt', fields());
  await renewed.update(admin, record.id, 1, { name: 'new' }, ['name']);
  const after = await store.get(record.id);
  expect(masterKeyIds(after)).toEqual(['k2']);
  const [sealed] = after?.secrets ?? [];
  expect(sealed && newOnly.open(sealed, record.id)).toBe(secret);
  expect(sealed?.createdAt).toBe(record.secrets[0]?.createdAt);
});

test('all are resealed, page by page; those that cannot be are counted', async () => {
  const { tokens, reseal, store, clock } = later();
  const made = [];
  for (const kind of ['jwt', 'static', 'jwt', 'jwt'] as const) {
    made.push(await tokens.create(admin, kind, fields()));
  }
  const [first, , , revoked] = made.map(({ record }) => record.id);
  await tokens.rotate(admin, first ?? '', 60, 0);
  await tokens.revoke(admin, revoked ?? '', '');
  let pageToken = '';
  const pages = [];
  do {
    const page = await reseal(admin, { pageSize: 3, pageToken });
    pageToken = page.nextPageToken;
    pages.push(page);
  } while (pageToken !== '');
  expect(pages).toMatchObject([
    {
      ...{ examined: 3, resealed: 2 },
      left: [
        { masterKeyId: 'k2', secrets: 3, listed: true },
        { masterKeyId: 'k1', secrets: 1, listed: true },
      ],
    },
    { examined: 1, resealed: 0, left: [] },
  ]);
  expect(masterKeyIds(await store.get(first ?? ''))).toEqual(['k2', 'k2']);
  expect(masterKeyIds(await store.get(revoked ?? ''))).toEqual(['k1']);

  const events = await store.events({ order: 'oldest', limit: 100 });
  const resealed = events.filter(({ action }) => action === 'token.reseal');
  expect(resealed.map(({ tokenId }) => tokenId)).toEqual([first, made[2]?.record.id]);

  clock.ms += 60_000;
  expect(await reseal(admin, { pageSize: 3 })).toMatchObject({ resealed: 0 });
});

test('the second time there is nothing to reseal', async () => {
  const { tokens, reseal, store } = later();
  const { record } = await tokens.create(admin, 'jwt', fields());
  await reseal(admin, { pageSize: 0 });
  const { revision } = (await store.get(record.id)) ?? {};
  expect(await reseal(admin, { pageSize: 0 })).toMatchObject({ examined: 1, resealed: 0 });
  expect((await store.get(record.id))?.revision).toBe(revision);
});

test('one under a master key that is not listed is reported, and can be revoked', async () => {
  const { tokens, reseal, renewed } = later(newOnly);
  const { record } = await tokens.create(admin, 'jwt', fields());
  await tokens.create(admin, 'static', fields());
  expect(await reseal(admin, { pageSize: 0 })).toMatchObject({
    resealed: 0,
    left: [{ masterKeyId: 'k1', secrets: 2, listed: false }],
  });
  const revoked = await renewed.revoke(admin, record.id, 'lost');
  expect(revoked.revokedAt).toBeDefined();
});

test('only an administrator without an owner may reseal, and the page size is limited', async () => {
  const { reseal } = later();
  await expectRefused(reseal(reader, { pageSize: 0 }), 'PERMISSION_DENIED');
  await expectRefused(reseal(adminOf('ann'), { pageSize: 0 }), 'PERMISSION_DENIED');
  await expectRefused(reseal(admin, { pageSize: 501 }), 'INVALID_ARGUMENT', /^page_size: /);
  const page = { pageSize: 0, pageToken: 'a b' };
  await expectRefused(reseal(admin, page), 'INVALID_ARGUMENT', /^page_token: /);
});
