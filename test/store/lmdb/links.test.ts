/** The links of the embedded store: what a table has not is proven, and what is hidden is unavailable. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTables, type Tables } from '../../../src/store/lmdb/tables.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';
import { create, creation, eventOf, requestOf, update, walk } from '../changes.ts';
import { openForQuestions } from './questions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-links-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function behindItsBack(change: (tables: Tables) => void): Promise<void> {
  const tables = openTables(folder, defaultLimits.store.lmdb);
  await tables.root.transaction(() => change(tables));
  await tables.root.close();
}

async function during<T>(work: (store: ReturnType<typeof openForQuestions>) => Promise<T>) {
  const store = openForQuestions(folder);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const thrown = (ask: () => unknown) => {
  try {
    return ask();
  } catch (error) {
    return error instanceof Unavailable ? 'unavailable' : error;
  }
};

test('a key that is gone is unavailable in every table, and one that never was is not there', async () => {
  const request = requestOf(creation(), 'admin:r');
  const id = await during(async store => {
    const change = { ...creation({ owner: 'ann', expiresAt: 5 }), request };
    await store.commit(change);
    await store.reserveImported(['sha256/k1/*'], [{ digest: 'd', tokenId: change.record.id }]);
    await store.endSession('s', Number.MAX_SAFE_INTEGER);
    await store.changeDocument({ collection: 'people', id: 'ann', before: 0, body: {} });
    return change.record.id;
  });
  const never = creation().record.id;
  const answers = () =>
    during(async store => ({
      token: [thrown(() => store.find(id)), thrown(() => store.get(never))],
      imported: [thrown(() => store.findImported('d')), thrown(() => store.findImported('e'))],
      forms: thrown(() => store.importedForms()),
      session: [thrown(() => store.isSessionEnded('s')), thrown(() => store.isSessionEnded('t'))],
      document: ['ann', 'bob'].map(each => thrown(() => store.document('people', each))),
      documents: thrown(() => store.documents({ collection: 'people', limit: 5 })),
      request: [thrown(() => store.findRequest('admin:r')), thrown(() => store.findRequest('r'))],
      lists: (['newest', 'oldest', 'expiry'] as const).map(order =>
        thrown(() => store.scan({ order, limit: 5 })),
      ),
      owner: thrown(() => store.scan({ order: 'newest', owner: 'ann', limit: 5 })),
      log: thrown(() => store.events({ order: 'newest', tokenId: id, limit: 5 })),
      head: thrown(() => store.head()),
    }));
  const whole = JSON.stringify(await answers());
  expect(whole).not.toContain('unavailable');
  await behindItsBack(tables => {
    for (const table of [tables.tokens, tables.revisions]) table.remove(id);
    tables.documents.remove(['people', 'ann']);
    for (const table of [tables.requests, tables.imported, tables.sessions]) table.clearSync();
    for (const table of [tables.owners, tables.expiries, tables.auditByToken]) table.clearSync();
    for (const key of ['foreign-forms', 'audit-head']) tables.root.remove(key);
  });
  const no = 'unavailable';
  expect(await answers()).toEqual({
    ...{ token: [no, undefined], imported: [no, undefined], forms: no },
    ...{ session: [no, false], request: [no, undefined] },
    ...{ document: [no, undefined], documents: no },
    ...{ lists: [no, no, no], owner: no, log: no, head: no },
  });
});

test('a damaged link makes what is not there unavailable, and changes beside it go on', async () => {
  const [first, second] = await during(store => create(store, { owner: 'ann' }, { owner: 'ann' }));
  if (first === undefined || second === undefined) throw new Error('not made');
  await behindItsBack(({ links }) => {
    for (const { key, value } of links.getRange()) links.put(key, value.replace(/^./, 'z'));
  });
  await during(async store => {
    expect(store.find(first.id)).toMatchObject({ record: { id: first.id } });
    expect(thrown(() => store.find(creation().record.id))).toBe('unavailable');
    const revoked = update(first, { revokedAt: 1, owner: 'bob' });
    expect(await store.commit(revoked)).toEqual({ outcome: 'done' });
    await store.endSession('s', Number.MAX_SAFE_INTEGER);
    expect(store.isSessionEnded('s')).toBe(true);
  });
});

test('the log does not grow behind an end that is not its own', async () => {
  await during(store => create(store, {}, {}));
  await behindItsBack(({ root }) => {
    const head = JSON.parse(root.get('audit-head') ?? '');
    root.put('audit-head', JSON.stringify({ ...head, sequence: 1 }));
  });
  await during(async store => {
    await expect(store.append(eventOf('call.refused'))).rejects.toBeInstanceOf(Unavailable);
    await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
  });
});

test('an end of keeping that is damaged removes nothing that is kept', async () => {
  await during(store => store.endSession('s', Number.MAX_SAFE_INTEGER));
  await behindItsBack(({ sessionEnds }) => void sessionEnds.put([1, 's'], ''));
  await during(async store => {
    await store.endSession('t', Number.MAX_SAFE_INTEGER);
    expect(store.isSessionEnded('s')).toBe(true);
  });
});

test('a store from before the links names its keys when it is opened, and only then', async () => {
  const request = requestOf(creation(), 'admin:r');
  request.keepUntil = Number.MAX_SAFE_INTEGER;
  const ids = await during(async store => {
    const changes = [creation({ owner: 'ann', expiresAt: 5 }), creation({ owner: 'äß🙂' })];
    for (const change of changes) await store.commit(change);
    await store.commit({ ...creation(), request });
    return await walk(store, { order: 'oldest', limit: 2 });
  });
  await behindItsBack(({ root, links, requests }) => {
    links.clearSync();
    root.put('schema', '2');
    requests.put('admin:r', JSON.stringify(request));
  });
  await during(async store => {
    expect(store.get(creation().record.id)).toBeUndefined();
    expect(store.findRequest('admin:r')).toEqual(request);
    expect(await walk(store, { order: 'oldest', limit: 2 })).toEqual(ids);
    expect(await walk(store, { order: 'newest', owner: 'äß🙂', limit: 1 })).toEqual([ids[1]]);
    expect(await walk(store, { order: 'expiry', limit: 1 })).toEqual([ids[0]]);
  });
  await behindItsBack(({ root }) => void root.put('schema', '2'));
  expect(() => openForQuestions(folder)).toThrow(/does not hold its schema/);
});
