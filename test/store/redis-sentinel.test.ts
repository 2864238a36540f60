/** The Redis store passes the suite behind Sentinels, and goes on after a failover. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { type Change, type Store, Unavailable } from '../../src/store/store.ts';
import { creation, intactLog, walk } from './changes.ts';
import { describeStore } from './contract.ts';
import { type RedisSentinels, startSentinels } from './redis-topologies.ts';

describeStore('redis sentinel', async () => {
  const servers = await startSentinels();
  return {
    clear: async () => void (await servers.master.send('FLUSHALL')),
    open: () => openStore(servers.url, { now: Date.now }),
    stop: () => servers.stop(),
  };
});

describe('a failover', () => {
  let servers: RedisSentinels;
  let store: Store;
  beforeAll(async () => {
    servers = await startSentinels();
    store = await openStore(servers.url, { now: Date.now, redis: { ackReplicas: 1 } });
  });
  afterAll(async () => {
    await store?.close();
    await servers?.stop();
  });

  test('loses no change that a replica acknowledged, and changes go on', async () => {
    const changes = Array.from({ length: 20 }, () => creation());
    for (const change of changes) expect(await store.commit(change)).toEqual({ outcome: 'done' });

    await servers.master.kill();
    await expect(store.commit(creation())).rejects.toBeInstanceOf(Unavailable);
    // The promoted one has no replica, so that this store can't be satisfied any more.
    await store.close();
    store = await openStore(servers.url, { now: Date.now });

    const later = Array.from({ length: 20 }, () => creation());
    for (const change of later) await insist(change);
    for (const { record } of [...changes, ...later]) {
      expect(await store.get(record.id)).toEqual(record);
    }
    expect(await walk(store, { order: 'oldest', limit: 7 })).toEqual(
      expect.arrayContaining([...changes, ...later].map(({ record }) => record.id)),
    );
    const logged = (await intactLog(store)).map(({ id }) => id);
    expect(logged).toEqual(
      expect.arrayContaining([...changes, ...later].map(({ event }) => event.id)),
    );
  });

  /** Commits as often as it takes. */
  async function insist(change: Change): Promise<void> {
    for (;;) {
      try {
        expect(await store.commit(change)).toEqual({ outcome: 'done' });
        return;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        await new Promise<void>(resolve => setTimeout(resolve, 20));
      }
    }
  }
});
