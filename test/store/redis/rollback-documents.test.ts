/** A Redis that comes back from an older dump: no person, invitation or webhook gets back what it lost. */

import { afterEach, expect, test } from 'vitest';
import type { Collection, DocumentChange } from '../../../src/store/documents.ts';
import { documentIdsKey, documentKey } from '../../../src/store/redis/keys.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { until } from '../../until.ts';
import { eventOf, intactLog } from '../changes.ts';
import { openStores } from './open-store.ts';
import { type RedisServer, startRedis } from './server.ts';
import { startCluster } from './topologies.ts';

const stores = openStores();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await stores.close();
  for (const stop of stops.splice(0)) await stop();
});

/** Those of the test: in a Cluster, of a collection on another master than the log's. */
let collection: Collection = 'people';

const change = (id: string, before: number, role: string): DocumentChange => ({
  ...{ collection, id, before, body: { role } },
  event: eventOf('person.update'),
});
const removal = (id: string, before: number): DocumentChange => ({
  ...{ collection, id, before, event: eventOf('person.remove') },
});

/** What a store says of a person: its role, "none", or "unavailable". */
async function roleOf(store: Store, id: string): Promise<string> {
  try {
    return String((await store.document(collection, id))?.body.role ?? 'none');
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return 'unavailable';
  }
}

async function make(store: Store, ...changes: DocumentChange[]): Promise<void> {
  for (const each of changes) expect(await store.changeDocument(each)).toBe('done');
}

/** Asks until each store says what it should of each person; collects all that was said before. */
async function rolesUntil(all: readonly Store[], expected: Record<string, string>) {
  const said = new Set<string>();
  await until(async () => {
    let isSo = true;
    for (const store of all) {
      for (const [id, last] of Object.entries(expected)) {
        const role = await roleOf(store, id);
        said.add(`${id} ${role}`);
        isSo &&= role === last;
      }
    }
    return isSo;
  });
  return said;
}

const listed = async (store: Store) =>
  (await store.documents({ collection: 'people', limit: 100 })).map(({ id }) => id);

test('a removal is put back; a person who lost a right is unavailable until the loss is accepted', async () => {
  const server = await startRedis();
  stops.push(() => server.stop());
  const url = `redis://127.0.0.1:${server.port}`;
  const [a, b] = [(await stores.openUp(url)).store, (await stores.openUp(url)).store];
  for (const id of ['stays', 'removed', 'fewer']) await make(a, change(id, 0, 'admin'));
  await server.send('SAVE');
  await make(a, removal('removed', 1), change('fewer', 1, 'viewer'), change('new', 0, 'viewer'));
  // Without an event, so that nothing remembers it.
  await make(a, { collection: 'people', id: 'quiet', before: 0, body: {} });
  await until(async () => (await b.storeStatus()).head?.sequence === 6);
  await server.kill();
  await server.restart();

  const after = { stays: 'admin', removed: 'none', fewer: 'unavailable', new: 'none' };
  const said = await rolesUntil([a, b], after);
  for (const wrong of ['removed admin', 'fewer admin']) expect([...said]).not.toContain(wrong);
  await until(() => a.health.up && b.health.up);
  expect(await listed(a)).toEqual(['stays']);
  await expect(a.changeDocument(change('fewer', 1, 'keeper'))).rejects.toBeInstanceOf(Unavailable);
  const { lost } = await b.storeStatus();
  expect(lost.map(({ document, isPutBack }) => [document, isPutBack])).toEqual([
    ['people/removed', true],
    ['people/fewer', false],
    ['people/new', false],
  ]);
  const log = await intactLog(a);
  const again = log.filter(({ action, actor }) => action === 'person.remove' && actor === 'usher');
  expect(again).toHaveLength(1);

  // A newcomer learns of it from the log.
  const c = (await stores.openUp(url)).store;
  expect(await roleOf(c, 'fewer')).toBe('unavailable');
  expect(await roleOf(c, 'removed')).toBe('none');
  await c.acceptStore({ actor: 'admin', peer: '' });
  await rolesUntil([a, b, c], { ...after, fewer: 'admin' });
  expect(await a.changeDocument(change('fewer', 1, 'viewer'))).toBe('done');
  await rolesUntil([a, b, c], { fewer: 'viewer' });
});

test('in a Cluster, so is what the master of the documents alone has lost', async () => {
  const cluster = await startCluster();
  stops.push(() => cluster.stop());
  const slotOf = async (key: string) =>
    Number(await cluster.nodes[0]?.send('CLUSTER', 'KEYSLOT', key));
  const nodeOf = async (key: string) => Math.min(2, Math.floor(((await slotOf(key)) * 3) / 16_384));
  collection = 'invitations';
  const index = await nodeOf(documentKey(collection, 'a'));
  expect(index).not.toBe(await nodeOf('{log}'));
  const node = cluster.nodes[index] as RedisServer;
  const { store } = await stores.openUp(cluster.url);
  for (const id of ['stays', 'removed', 'fewer']) await make(store, change(id, 0, 'admin'));
  const names = ['removed', 'fewer'];
  const keys = names.map(id => documentKey(collection, id));
  const older = await Promise.all(keys.map(async key => String(await node.send('GET', key))));
  await make(store, removal('removed', 1), change('fewer', 1, 'viewer'));
  await until(async () => (await store.storeStatus()).head?.sequence === 5);
  for (const [n, id] of names.entries()) {
    await node.send('SET', documentKey(collection, id), older[n] ?? '');
    await node.send('ZADD', documentIdsKey(collection), 0, id);
  }
  await node.send('CLIENT', 'KILL', 'TYPE', 'normal');
  const after = { stays: 'admin', removed: 'none', fewer: 'unavailable' };
  const said = await rolesUntil([store], after);
  for (const wrong of ['removed admin', 'fewer admin']) expect([...said]).not.toContain(wrong);
});

test('a session that was ended stays so', async () => {
  const server = await startRedis();
  stops.push(() => server.stop());
  const { store } = await stores.openUp(`redis://127.0.0.1:${server.port}`);
  const keepUntil = Date.now() + 60_000;
  const session = { collection: 'sessions', id: 'admin.one' } as const;
  await make(store, { ...session, before: 0, body: { sessionId: 'one' }, keepUntil });
  await server.send('SAVE');
  await store.endSession('one', keepUntil);
  await make(store, { ...session, before: 1, event: eventOf('session.end') });
  await server.kill();
  await server.restart();
  await until(async () => (await store.storeStatus()).lost.length === 1 && store.health.up);
  expect(await store.isSessionEnded('one')).toBe(true);
  expect(await store.document('sessions', 'admin.one')).toBeUndefined();
});
