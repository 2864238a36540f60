/** A session of the API Manager that has ended stays so, whatever the store loses. */

import { afterEach, expect, test } from 'vitest';
import { createSessionList, listId } from '../../src/people/session-list.ts';
import { documentKey, endedSessionKey } from '../../src/store/redis/keys.ts';
import { type Store, Unavailable } from '../../src/store/store.ts';
import type { Caller } from '../../src/tokens/caller.ts';
import { openStores } from '../store/redis/open-store.ts';
import { startRedis } from '../store/redis/server.ts';
import { startCluster } from '../store/redis/topologies.ts';
import { until } from '../until.ts';
import { openPeople } from './people-setup.ts';

const stores = openStores();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await stores.close();
  for (const stop of stops.splice(0)) await stop();
});

const caller: Caller = { actor: 'admin', name: '', peer: '192.0.2.1', scopes: [] };
const endsAt = Date.now() + 3_600_000;

/** The sessions in a store; `open` adds one, and `end` ends it. */
function sessionsIn(store: Store) {
  const list = createSessionList({
    ...{ documents: store, ended: store, log: store, now: Date.now, idleMs: 3_600_000 },
  });
  const times = { signedInAt: Date.now(), endsAt };
  const { actor } = caller;
  return {
    list,
    open: (sessionId: string) =>
      list.add({ sessionId, caller, how: 'admin token', browser: 'Firefox', ...times }),
    end: (sessionId: string) =>
      list.end({ id: listId(actor, sessionId), actor, name: '', sessionId, endsAt }, caller),
    isOpen: (sessionId: string) => list.isOpen(actor, sessionId),
  };
}

async function onRedis() {
  const server = await startRedis();
  stops.push(() => server.stop());
  const { store } = await stores.openUp(`redis://127.0.0.1:${server.port}`);
  return { server, store, sessions: sessionsIn(store) };
}

test('in a Cluster, when the master of its mark alone has lost that', async () => {
  const cluster = await startCluster();
  stops.push(() => cluster.stop());
  const { store } = await stores.openUp(cluster.url);
  const sessions = sessionsIn(store);
  const nodeOf = async (key: string) =>
    Math.min(
      2,
      Math.floor((Number(await cluster.nodes[0]?.send('CLUSTER', 'KEYSLOT', key)) * 3) / 16_384),
    );
  const listed = await nodeOf(documentKey('sessions', 'any'));
  let id = 'session-0';
  for (let n = 1; (await nodeOf(endedSessionKey(id))) === listed; n++) id = `session-${n}`;
  expect(await sessions.open(id)).toBe(true);
  expect(await sessions.isOpen(id)).toBe(true);
  await sessions.end(id);
  const node = cluster.nodes[await nodeOf(endedSessionKey(id))];
  expect(await node?.send('DEL', endedSessionKey(id))).toBe(1);
  await node?.send('CLIENT', 'KILL', 'TYPE', 'normal');
  await until(async () => {
    try {
      return !(await store.isSessionEnded(id));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return false;
    }
  });
  expect(await sessions.isOpen(id)).toBe(false);
});

test('when Redis comes back without its sign-in and its end', async () => {
  const { server, store, sessions } = await onRedis();
  await sessions.open('earlier');
  await server.send('SAVE');
  await sessions.open('later');
  await sessions.end('later');
  await server.kill();
  await server.restart();
  await until(async () => (await store.storeStatus()).lost.length > 0 && store.health.up);
  expect(await sessions.isOpen('later')).toBe(false);
  expect(await sessions.isOpen('earlier')).toBe(true);
});

test('it can be ended while the memory of Redis is full', async () => {
  const { server, sessions } = await onRedis();
  await sessions.open('one');
  await server.send('CONFIG', 'SET', 'maxmemory', 1);
  await expect(server.send('SET', 'x', '1')).rejects.toThrow('OOM');
  await sessions.end('one');
  expect(await sessions.isOpen('one')).toBe(false);
});

test('one that is used in the moment of its end leaves the list all the same', async () => {
  const office = openPeople();
  const { caller: ann } = await office.person('viewer');
  const session = await office.session(ann);
  let uses = 3;
  const list = createSessionList({
    ...{ ended: office.store, log: office.store, now: office.now, idleMs: 3_600_000 },
    documents: {
      document: (...named) => office.store.document(...named),
      documents: scan => office.store.documents(scan),
      changeDocument: async change =>
        change.body === undefined && uses-- > 0
          ? 'conflict'
          : await office.store.changeDocument(change),
    },
  });
  await list.end(session, ann);
  await list.end(session, ann);
  expect(uses).toBe(-1);
  expect(await office.store.document('sessions', session.id)).toBeUndefined();
  const log = await office.store.events({ order: 'newest', limit: 10 });
  expect(log.filter(({ action }) => action === 'session.end')).toHaveLength(1);
});
