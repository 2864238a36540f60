/** An import by a caller with an owner never tells that another owner's token or UUID exists. */

import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createImport, type ImportItem } from '../../src/tokens/import.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, fields, openOffice } from './setup.ts';

const { store, keys, now, tokens, verify } = openOffice();
const importTokens = createImport({ store, keys, now, limits: defaultLimits.verify });
const once = { dryRun: false, allowWeak: false };

const imported = () => `sk_live_${randomUUID()}`;
const plain = (token: string, more: Partial<ImportItem> = {}): ImportItem => ({
  secret: { token },
  fields: fields({ scopes: [] }),
  ...more,
});
const hashed = (token: string): ImportItem => ({
  secret: { sha256: createHash('sha256').update(token).digest() },
  fields: fields({ scopes: [] }),
});

describe('to a caller with an owner, other access tokens do not exist', () => {
  const ann = adminOf('ann');
  const ask = (items: readonly ImportItem[], dryRun = false) =>
    importTokens(ann, items, { ...once, dryRun });
  const ofBob = async () => {
    const token = imported();
    await importTokens(admin, [plain(token, { fields: fields({ owner: 'bob' }) })], once);
    return token;
  };

  test('a dry run foresees the same for a token of bob and for one that nobody has', async () => {
    const [taken, free] = [await ofBob(), imported()];
    const items = [taken, free].flatMap(token => [plain(token), hashed(token)]);
    const results = await ask(items, true);
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(
      new Set(['imported', 'existing']),
    );
    expect(results.slice(0, 2)).toEqual(results.slice(2));
    expect(results[0]).toEqual({ outcome: 'imported', id: '', problem: '' });
  });

  test('a dry run reads as much from the store for both', async () => {
    const read: string[] = [];
    const get = (id: string) => {
      read.push(id);
      return store.get(id);
    };
    const deps = { store: { ...store, get }, keys, now, limits: defaultLimits.verify };
    const takes = [await ofBob(), imported()].map(token => async () => {
      read.length = 0;
      await createImport(deps)(ann, [plain(token)], { ...once, dryRun: true });
      return read.length;
    });
    expect([await takes[0]?.(), await takes[1]?.()]).toEqual([2, 2]);
  });

  test('a token of bob is refused in the words for one that contains a UUID', async () => {
    const token = await ofBob();
    const results = await ask([plain(token), plain(makeStaticToken(randomUUID()))]);
    const problem = 'token: only a caller without an owner can import it';
    expect(results).toEqual(Array(2).fill({ outcome: 'refused', id: '', problem }));
    expect(await verify({ header: token })).toMatchObject({ identity: { owner: 'bob' } });
  });

  test.each([true, false])('no id can be chosen, taken or free (dry run: %s)', async dryRun => {
    const { record } = await tokens.create(admin, 'static', fields({ owner: 'bob' }));
    const ids = [record.id, randomUUID()];
    const given = await ask(
      ids.map(id => plain(imported(), { id })),
      dryRun,
    );
    const contained = await ask(
      ids.map(id => plain(makeStaticToken(id))),
      dryRun,
    );
    expect(given[0]).toMatchObject({ outcome: 'refused', problem: expect.stringMatching(/^id: /) });
    expect(given[0]).toEqual(given[1]);
    expect(contained[0]).toMatchObject({
      outcome: 'refused',
      problem: expect.stringMatching(/^token: /),
    });
    expect(contained[0]).toEqual(contained[1]);
  });

  test('its own are existing, also in a dry run', async () => {
    const token = imported();
    const [{ id } = { id: '' }] = await ask([plain(token)]);
    expect(await ask([plain(token)])).toEqual([{ outcome: 'existing', id, problem: '' }]);
    expect(await ask([plain(token)], true)).toEqual([{ outcome: 'existing', id, problem: '' }]);
  });
});
