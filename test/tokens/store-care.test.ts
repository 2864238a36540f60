/** The migration of a store and the lists of its records and documents, page by page. */

import { expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { type Store, Unavailable } from '../../src/store/store.ts';
import type { Happening } from '../../src/tokens/audit.ts';
import { createStoreCare } from '../../src/tokens/store-care.ts';
import { jwtRecord, keys } from '../verify/setup.ts';
import { admin, adminOf, expectRefused, reader } from './setup.ts';

const records = [jwtRecord(), jwtRecord(), jwtRecord()];

const documents = new Map([
  ['people/ann', 3],
  ['webhooks/w', 0],
]);
const placeOf = (name: string) => {
  const [collection = '', id = ''] = name.split('/');
  return { collection, id };
};

/** A store with pages of two records, the second of which has no MAC, and one of documents. */
function care(broken = '', isDown = () => false) {
  const done: string[] = [];
  const notes: Happening[] = [];
  const store = {
    async scan({ after, order, limit }: { after?: string; order: string; limit: number }) {
      done.push(`scan ${order} ${limit}`);
      return after === undefined
        ? { records: records.slice(0, 2), cursor: 'next' }
        : { records: records.slice(2) };
    },
    recordKeys: (after: string) =>
      after === '' ? { keys: records.slice(0, 2), cursor: 'next' } : { keys: records.slice(2) },
    documentKeys: () => ({ keys: [...documents.keys(), 'jobs/j'].map(placeOf) }),
    async get(id: string) {
      if (id === broken) throw new Unavailable('broken');
      return records.find(record => record.id === id);
    },
    async document(collection: string, id: string) {
      const revision = documents.get(`${collection}/${id}`);
      if (revision === 0) throw new Unavailable('broken');
      return revision === undefined ? undefined : { id, revision };
    },
    async count() {
      if (isDown()) throw new Unavailable('down');
    },
    async signRecords(ids: string[]) {
      done.push(`sign ${ids.length}`);
      return ids.length - 1;
    },
    signImported: async () => void done.push('sign imported'),
    endMigration: async () => void done.push('end'),
  };
  const audit = {
    async add(note: Happening) {
      done.push('note');
      notes.push(note);
    },
  };
  return { care: createStoreCare(store as unknown as Store, keys, audit, () => 7), done, notes };
}

test('the migration signs page by page, and ends with an entry of all counts', async () => {
  const { care: storeCare, done, notes } = care();
  const first = await storeCare.migrate(admin, '');
  expect(first).toMatchObject({ examined: 2, signed: 1 });
  expect(first.nextPageToken).not.toBe('');
  const last = await storeCare.migrate(admin, first.nextPageToken);
  expect(last).toEqual({ examined: 1, signed: 0, nextPageToken: '' });
  const scan = 'scan oldest 500';
  expect(done).toEqual([scan, 'sign 2', scan, 'sign 1', 'sign imported', 'note', 'end']);
  expect(notes).toEqual([
    {
      ...{ action: 'store.migrate', actor: 'admin', peer: '127.0.0.1' },
      detail: '3 access tokens, 1 records signed',
    },
  ]);
});

test('records are listed page by page, or one alone', async () => {
  const { care: storeCare } = care();
  const { records: page, nextPageToken } = await storeCare.listRecords(admin, '', '');
  expect(page).toEqual(records.slice(0, 2));
  const rest = await storeCare.listRecords(admin, '', nextPageToken);
  expect(rest).toEqual({ records: records.slice(2), nextPageToken: '' });
  const { id } = records[1] as AccessTokenRecord;
  expect(await storeCare.listRecords(admin, id.toUpperCase(), '')).toEqual({
    records: [records[1]],
    nextPageToken: '',
  });
  const unknown = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect((await storeCare.listRecords(admin, unknown, '')).records).toEqual([]);
  await expectRefused(storeCare.listRecords(admin, 'x', ''), 'INVALID_ARGUMENT', 'id: ');
});

test('documents are listed by the names of their collections, or one alone', async () => {
  const { care: storeCare } = care();
  const ann = { name: 'people/ann', revision: 3 };
  const broken = { name: 'webhooks/w', revision: 0 };
  expect(await storeCare.listDocuments(admin, '', '')).toEqual({
    ...{ documents: [ann, broken], nextPageToken: '', readAt: 7 },
  });
  expect((await storeCare.listDocuments(admin, 'people/ann', '')).documents).toEqual([ann]);
  expect((await storeCare.listDocuments(admin, 'people/bob', '')).documents).toEqual([]);
  for (const name of ['people', 'people/', 'people/a/b', 'people/ä', 'jobs/j', '/a']) {
    await expectRefused(storeCare.listDocuments(admin, name, ''), 'INVALID_ARGUMENT', 'name: ');
  }
});

test('what cannot be used has no revision, unless the store itself cannot be used', async () => {
  const { id } = records[0] as AccessTokenRecord;
  const listed = await care(id).care.listRecords(admin, '', '');
  expect(listed.records).toEqual([{ id, revision: 0, eventId: '' }, records[1]]);
  const down = care(id, () => true).care;
  await expect(down.listRecords(admin, id, '')).rejects.toThrow(Unavailable);
  await expect(down.listDocuments(admin, '', '')).rejects.toThrow(Unavailable);
});

test('a page token of the one is none of the other', async () => {
  const { care: storeCare } = care();
  const { nextPageToken } = await storeCare.migrate(admin, '');
  await expectRefused(
    storeCare.listRecords(admin, '', nextPageToken),
    'INVALID_ARGUMENT',
    'that ListRecords gave',
  );
  const listed = await storeCare.listRecords(admin, '', '');
  await expectRefused(
    storeCare.migrate(admin, listed.nextPageToken),
    'INVALID_ARGUMENT',
    'that Migrate gave',
  );
});

test('all are for administrators without an owner', async () => {
  const { care: storeCare, done } = care();
  for (const caller of [reader, adminOf('ann')]) {
    await expectRefused(storeCare.migrate(caller, ''), 'PERMISSION_DENIED');
    await expectRefused(storeCare.listRecords(caller, '', ''), 'PERMISSION_DENIED');
    await expectRefused(storeCare.listDocuments(caller, '', ''), 'PERMISSION_DENIED');
  }
  const owned = adminOf('ann');
  await expectRefused(storeCare.migrate(owned, ''), 'PERMISSION_DENIED', /not migrate the store$/);
  const listing = storeCare.listRecords(owned, '', '');
  await expectRefused(listing, 'PERMISSION_DENIED', /not list all records$/);
  expect(done).toEqual([]);
});
