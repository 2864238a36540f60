/** The count of what depends on which master key. */

import { expect, test } from 'vitest';
import type { AccessTokenRecord, Secret } from '../../src/store/record.ts';
import type { DocumentKeys, KeyLedger, RecordKeys } from '../../src/store/seal.ts';
import { addUses, countAll, createCountKeyUse, neededBy } from '../../src/tokens/key-use.ts';

const now = 1000;
const none = {
  ...{ records: 0, entries: 0, documents: 0, staticTokens: 0, jwtSecrets: 0 },
  ...{ revocationKeys: 0, over: 0 },
};
const secret = (masterKeyId: string, goodUntil?: number): Secret => ({
  ...{ masterKeyId, value: '', createdAt: 0 },
  ...(goodUntil === undefined ? {} : { goodUntil }),
});
const record = (some: Partial<AccessTokenRecord>): AccessTokenRecord => ({
  ...{ id: '', revision: 1, kind: 'static', name: '', scopes: [], secrets: [] },
  ...{ createdAt: 0, createdBy: '', updatedAt: 0, eventId: '', ...some },
});
const withJwts = (some: Partial<AccessTokenRecord>) =>
  record({
    ...{ kind: 'jwt', secrets: [secret('k2')], revokedJwts: { key: secret('k1') } },
    ...some,
  });

/** The uses that records have, by master key. */
async function usesOf(...held: Omit<RecordKeys, 'id'>[]) {
  const keys = held.map(each => ({ id: '', ...each }));
  const count = createCountKeyUse({ ...empty, recordKeys: () => ({ keys }) }, () => now);
  const { uses, examined } = await count('');
  expect(examined).toBe(keys.length);
  return Object.fromEntries(uses.map(({ masterKeyId, ...use }) => [masterKeyId, use]));
}
const empty: Pick<KeyLedger, 'recordKeys' | 'entryKeys' | 'documentKeys'> = {
  recordKeys: () => ({ keys: [] }),
  entryKeys: () => ({ keys: [] }),
  documentKeys: () => ({ keys: [] }),
};

test('a record needs the key of its MAC, also one that cannot be read', async () => {
  const uses = await usesOf({ macKeyId: 'k1' }, { macKeyId: 'k1', record: record({}) }, {});
  expect(uses).toEqual({ k1: { ...none, records: 2 } });
});

test('secrets in use are counted by kind; one whose grace has ended is over', async () => {
  const secrets = [secret('k2'), secret('k1', now + 1)];
  expect(await usesOf({ record: record({ secrets }) }, { record: withJwts({}) })).toEqual({
    k1: { ...none, staticTokens: 1, revocationKeys: 1 },
    k2: { ...none, staticTokens: 1, jwtSecrets: 1 },
  });
  const ended = record({ secrets: [secret('k1', now)] });
  expect(await usesOf({ record: ended })).toEqual({ k1: { ...none, over: 1 } });
});

test.each<[string, Partial<AccessTokenRecord>, boolean]>([
  ['is revoked', { revokedAt: 1 }, true],
  ['expires now', { expiresAt: now }, true],
  ['expires later', { expiresAt: now + 1 }, false],
])('an access token that %s: all that it holds is over: %s', async (_, some, isOver) => {
  expect(await usesOf({ record: withJwts(some) })).toEqual({
    k1: { ...none, ...(isOver ? { over: 1 } : { revocationKeys: 1 }) },
    k2: { ...none, ...(isOver ? { over: 1 } : { jwtSecrets: 1 }) },
  });
});

test('records, entries and documents are counted to the end of their pages', async () => {
  const asked: string[] = [];
  const read =
    <T>(what: string, pages: T[][]) =>
    (after: string) => {
      asked.push(`${what} ${after}`);
      const [first = [], second] = pages;
      if (second === undefined || after !== '') return { keys: second ?? first };
      return { keys: first, cursor: 'a:b' };
    };
  const document: DocumentKeys = { collection: 'people', id: 'a', sealedUnder: [] };
  const count = createCountKeyUse(
    {
      recordKeys: read('records', [[{ id: '', macKeyId: 'k1' }], [{ id: '', macKeyId: 'k1' }]]),
      entryKeys: read('entries', [['k1', ''], ['k2']]),
      documentKeys: read('documents', [
        [document, { ...document, macKeyId: 'k2', sealedUnder: ['k1', 'k1'] }],
        [{ ...document, macKeyId: 'k2' }],
      ]),
    },
    () => now,
  );
  expect(await countAll(count)).toEqual([
    { masterKeyId: 'k1', ...none, records: 2, entries: 1, documents: 2 },
    { masterKeyId: 'k2', ...none, entries: 1, documents: 2 },
  ]);
  const parts = ['records', 'entries', 'documents'];
  expect(asked).toEqual(parts.flatMap(part => [`${part} `, `${part} a:b`]));
});

test('what is needed is the sum of all but what is over', () => {
  const use = {
    ...{ masterKeyId: 'k1', records: 1, entries: 2, documents: 4, staticTokens: 8 },
    ...{ jwtSecrets: 16, revocationKeys: 32, over: 64 },
  };
  expect(neededBy(use)).toBe(63);
  const [sum, ...others] = addUses([use], [use]);
  expect(sum).toEqual({
    ...{ masterKeyId: 'k1', records: 2, entries: 4, documents: 8, staticTokens: 16 },
    ...{ jwtSecrets: 32, revocationKeys: 64, over: 128 },
  });
  expect(others).toEqual([]);
});
