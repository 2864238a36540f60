/** The migration of a store and the list of its records, page by page. */

import { expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import type { Store } from '../../src/store/store.ts';
import type { Happening } from '../../src/tokens/audit.ts';
import { createStoreCare } from '../../src/tokens/store-care.ts';
import { jwtRecord, keys } from '../verify/setup.ts';
import { admin, adminOf, expectRefused, reader } from './setup.ts';

const records = [jwtRecord(), jwtRecord(), jwtRecord()];

/** A store with pages of two records, the second of which has no MAC. */
function care() {
  const done: string[] = [];
  const notes: Happening[] = [];
  const store = {
    async scan({ after, order, limit }: { after?: string; order: string; limit: number }) {
      done.push(`scan ${order} ${limit}`);
      return after === undefined
        ? { records: records.slice(0, 2), cursor: 'next' }
        : { records: records.slice(2) };
    },
    get: async (id: string) => records.find(record => record.id === id),
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
  return { care: createStoreCare(store as unknown as Store, keys, audit), done, notes };
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

test('both are for administrators without an owner', async () => {
  const { care: storeCare, done } = care();
  for (const caller of [reader, adminOf('ann')]) {
    await expectRefused(storeCare.migrate(caller, ''), 'PERMISSION_DENIED');
    await expectRefused(storeCare.listRecords(caller, '', ''), 'PERMISSION_DENIED');
  }
  const owned = adminOf('ann');
  await expectRefused(storeCare.migrate(owned, ''), 'PERMISSION_DENIED', /not migrate the store$/);
  const listing = storeCare.listRecords(owned, '', '');
  await expectRefused(listing, 'PERMISSION_DENIED', /not list all records$/);
  expect(done).toEqual([]);
});
