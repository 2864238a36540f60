/** The metrics of the store and its caches, from a real server. */

import { expect, onTestFinished, test } from 'vitest';
import { Kind } from '../../../src/gen/usher/v1/access_token_pb.ts';
import { countStore } from '../../../src/server/metrics/count-store.ts';
import { createMetrics } from '../../../src/server/metrics/metrics.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { version } from '../../../src/version.ts';
import { creation } from '../../store/changes.ts';
import { until } from '../../until.ts';
import { adminOf } from '../api.ts';
import { runServer } from '../run-server.ts';

type Listener = { changed(id: string): void; changedAll(): void };

/** A store of a few operations, whose feed the test plays. */
function fakeStore(operations: Partial<Store>) {
  const listeners: Listener[] = [];
  const feed = {
    ...{ kind: 'tracking', isLive: () => true, lagMs: () => 250 },
    listen: (listener: Listener) => listeners.push(listener),
  };
  const metrics = createMetrics(10);
  const store = countStore({ ...operations, feed } as unknown as Store, metrics.store);
  const text = async () => String((await metrics.answer(undefined)).body);
  return { store, text, listener: listeners[0] as Listener };
}

test('operations are counted by how they end, now or later', async () => {
  const { store, text } = fakeStore({
    get: () => undefined,
    count: async () => 3,
    scan: async () => Promise.reject(new Unavailable('down')),
    head() {
      throw new TypeError('a bug');
    },
  });
  expect(store.get('a')).toBe(undefined);
  expect(await store.count()).toBe(3);
  await expect(store.scan({ order: 'newest', limit: 1 })).rejects.toBeInstanceOf(Unavailable);
  expect(() => store.head()).toThrow('a bug');
  const counted = (await text()).match(/(?<=^usher_store_operations_total).*/gm);
  expect(counted).toEqual([
    '{operation="get",result="done"} 1',
    '{operation="count",result="done"} 1',
    '{operation="scan",result="unavailable"} 1',
    '{operation="head",result="failed"} 1',
  ]);
});

test('a change is timed until the store announces it', async () => {
  const { store, text, listener } = fakeStore({ commit: async () => ({ outcome: 'done' }) });
  const change = creation();
  await store.commit(change);
  expect(await text()).toContain('usher_change_propagation_seconds_count 0');
  listener.changed('another');
  listener.changed(change.record.id);
  listener.changed(change.record.id);
  expect(await text()).toContain('usher_change_propagation_seconds_count 1');
});

test('a change that was not made, or whose announcement was lost, is not timed', async () => {
  const { store, text, listener } = fakeStore({ commit: async () => ({ outcome: 'conflict' }) });
  const change = creation();
  await store.commit(change);
  listener.changed(change.record.id);
  const lost = fakeStore({ commit: async () => ({ outcome: 'done' }) });
  await lost.store.commit(change);
  lost.listener.changedAll();
  lost.listener.changed(change.record.id);
  for (const each of [await text(), await lost.text()]) {
    expect(each).toContain('usher_change_propagation_seconds_count 0');
  }
});

test('the age of the lease is shown', async () => {
  const lines = (await fakeStore({}).text()).split('\n');
  expect(lines).toContain('usher_feed_lag_seconds 0.25');
  expect(lines).toContain('usher_feed_live 1');
});

test('a server shows what its caches and its store did', async () => {
  const server = await runServer();
  onTestFinished(server.stop);
  const metrics = async () => await (await fetch(`http://${server.manager}/metrics`)).text();
  const { token, accessToken } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
  const headers = { authorization: token };
  for (let n = 0; n < 3; n++) await (await fetch(`http://${server.http}/`, { headers })).text();
  await adminOf(server).revoke({ id: accessToken?.id ?? '' });
  const text = await metrics();
  expect(text).toContain('usher_cache_lookups_total{cache="proven_headers",result="hit"} 2');
  expect(text).toContain('usher_store_operations_total{operation="commit",result="done"} 2');
  expect(text).toContain(`usher_build_info{version="${version}",node="${process.version}"} 1`);
  expect(text).toContain('usher_workers 0');
  await until(async () => (await metrics()).includes('usher_change_propagation_seconds_count 2'));
});
