/** The Redis store passes the suite behind Sentinels, and works after a failover. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storeAddress } from '../../../src/store/address.ts';
import { openStore } from '../../../src/store/open.ts';
import { type Change, type Store, Unavailable } from '../../../src/store/store.ts';
import { storeLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { until } from '../../until.ts';
import { creation, loggedChanges, walk } from '../changes.ts';
import { describeStore } from '../contract.ts';
import { takesChanges } from '../takes-changes.ts';
import type { RedisServer } from './server.ts';
import { type RedisSentinels, startSentinels } from './topologies.ts';

describeStore('redis sentinel', async () => {
  const servers = await startSentinels();
  return {
    clear: async () => void (await servers.master.send('FLUSHALL')),
    url: servers.url,
    stop: () => servers.stop(),
  };
});

/** A Sentinel that was itself held up does nothing for 30 s (its TILT mode). In milliseconds. */
const failoverMsMax = 90_000;

describe('a failover', { timeout: 2 * failoverMsMax }, () => {
  let servers: RedisSentinels;
  let store: Store;
  beforeEach(async () => {
    servers = await startSentinels();
    store = await openStore(storeAddress(servers.url), {
      now: Date.now,
      seal: testSeal,
      limits: storeLimits({ redis: { ackReplicas: 1 } }),
    });
  });
  afterEach(async () => {
    await store?.close();
    await servers?.stop();
  });

  const faults = {
    'a master that dies': {
      begin: () => servers.master.kill(),
      end: () => servers.master.restart(),
    },
    'a master that hangs': {
      begin: async () => servers.master.pause(),
      end: async () => servers.master.resume(),
    },
  };

  test.each(Object.entries(faults))('of %s loses no acknowledged change', async (_, fault) => {
    const changes = Array.from({ length: 40 }, () => creation());
    let back: Promise<void> | undefined;
    for (const [i, change] of changes.entries()) {
      const committed = insist(change);
      if (i === 20) {
        await store.endSession('left', Date.now() + 3_600_000);
        back = fault.begin().then(() => comeBack(fault.end));
      }
      await committed;
    }
    await back;
    await until(() => store.health.up);
    for (const { record } of changes) expect(await store.get(record.id)).toEqual(record);
    expect(await store.isSessionEnded('left')).toBe(true);
    expect(await walk(store, { order: 'oldest', limit: 7 })).toEqual(
      changes.map(({ record }) => record.id),
    );
    const logged = (await loggedChanges(store)).map(({ id }) => id);
    expect(logged.toSorted()).toEqual(changes.map(({ event }) => event.id).toSorted());
    expect(await servers.replica.send('ROLE')).toEqual(expect.arrayContaining(['master']));
  });

  /**
   * The old master keeps nothing: should it come back while a Sentinel takes it for the master, that
   * one would make the other its replica, and empty.
   */
  async function comeBack(end: () => Promise<void>): Promise<void> {
    for (const sentinel of servers.sentinels) {
      await until(async () => {
        const master = await sentinel.send('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'usher');
        return (master as string[])[1] === String(servers.replica.port);
      });
    }
    await end();
    await servers.master.send('REPLICAOF', '127.0.0.1', servers.replica.port);
  }

  /** What a change waits for, when it takes too long. */
  async function situation(): Promise<string> {
    const master = async (sentinel: RedisServer) =>
      await sentinel.send('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'usher');
    return JSON.stringify({
      health: store.health,
      replica: [servers.replica.port, await servers.replica.send('ROLE')],
      sentinels: await Promise.all(servers.sentinels.map(master)),
    });
  }

  /** Retries a commit until it succeeds. */
  async function insist(change: Change): Promise<void> {
    const end = Date.now() + failoverMsMax;
    for (;;) {
      try {
        expect(await store.commit(change)).toEqual({ outcome: 'done' });
        return;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        if (Date.now() > end) throw new Error(await situation(), { cause: error });
        await new Promise<void>(resolve => setTimeout(resolve, 20));
      }
    }
  }
});

test('Sentinels that are down at the start are found later', async () => {
  const servers = await startSentinels();
  for (const sentinel of servers.sentinels) await sentinel.kill();
  const store = await openStore(storeAddress(servers.url), {
    now: Date.now,
    seal: testSeal,
    limits: storeLimits({ redis: { openWaitMs: 50 } }),
  });
  try {
    expect(store.health.up).toBe(false);
    await expect((async () => store.get('a'))()).rejects.toBeInstanceOf(Unavailable);
    for (const sentinel of servers.sentinels) await sentinel.restart();
    await until(() => takesChanges(store));
    expect(await store.commit(creation())).toEqual({ outcome: 'done' });
  } finally {
    await store.close();
    await servers.stop();
  }
});
