/** Where Redis refuses tracking, the feed follows published messages, with the same promise. */

import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redisAddress } from '../../../../src/store/address.ts';
import { changesChannel } from '../../../../src/store/redis/keys.ts';
import type { RedisLimits } from '../../../../src/store/redis/limits.ts';
import { openRedis } from '../../../../src/store/redis/store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { redisLimits } from '../../../limits.ts';
import { until } from '../../../until.ts';
import { create, creation, revocation, update } from '../../changes.ts';
import { describeStore } from '../../contract.ts';
import { untilCached } from '../../until-cached.ts';
import { type RedisServer, startRedis } from '../server.ts';
import { startCluster } from '../topologies.ts';

/** A user without CLIENT TRACKING, as in managed services. */
const refusing = 'user default on nopass ~* &* +@all -client|tracking';

describeStore('redis without tracking', async () => {
  const server = await startRedis({ config: [refusing] });
  return {
    clear: async () => void (await server.send('FLUSHALL')),
    url: `redis://127.0.0.1:${server.port}`,
    stop: () => server.stop(),
  };
});

describeStore('redis cluster without tracking', async () => {
  const cluster = await startCluster([refusing]);
  return {
    clear: async () => {
      for (const node of cluster.nodes) await node.send('FLUSHALL');
    },
    url: cluster.url,
    stop: () => cluster.stop(),
  };
});

const stores: Store[] = [];
let warnings: string[];

async function open(url: string, limits: Partial<RedisLimits> = {}): Promise<Store> {
  const store = await openRedis(redisAddress(url), {
    now: Date.now,
    onWarning: message => warnings.push(message),
    ...redisLimits(limits),
  });
  stores.push(store);
  await until(() => store.feed.isLive() === true);
  return store;
}

beforeEach(() => {
  warnings = [];
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

describe('a Redis that refuses tracking', () => {
  let server: RedisServer;
  let url: string;
  beforeEach(async () => {
    server = await startRedis({ config: [refusing], persistent: true });
    url = `redis://127.0.0.1:${server.port}`;
  });
  afterEach(async () => {
    server.resume();
    await server.stop();
  });
  /** With so rare pings, the log is not read before a message arrives. */
  const unhurried = { feedPingMs: 3_600_000, leaseMs: 7_200_000 };

  test('is followed by messages, with a warning in the log', async () => {
    const store = await open(url);
    expect(store.feed.kind).toBe('messages');
    expect(warnings).toEqual([expect.stringContaining('tracking')]);
  });

  test('a revocation elsewhere takes effect by a message alone', async () => {
    const [writer, reader] = [await open(url), await open(url, unhurried)];
    const [record] = await create(writer, {});
    if (record === undefined) throw new Error('not made');
    const found = await untilCached(reader, record.id);
    await writer.commit(revocation(record));
    await until(() => !reader.isCurrent(found));
    expect((await reader.find(record.id)).record?.revokedAt).toBeDefined();
  });

  test('a new access token and a new imported token are found', async () => {
    const [writer, reader] = [await open(url), await open(url, unhurried)];
    const change = creation();
    const id = change.record.id;
    expect((await reader.find(id)).record).toBeUndefined();
    expect(await reader.findImported('digest')).toBeUndefined();
    expect(await reader.importedForms()).toEqual([]);
    await writer.commit(change);
    await writer.reserveImported(['sha256'], [{ digest: 'digest', tokenId: id }]);
    await until(async () => (await reader.find(id)).record !== undefined);
    await until(async () => (await reader.findImported('digest')) === id);
    await until(async () => (await reader.importedForms()).includes('sha256'));
  });

  test('a missed message is read from the log', async () => {
    const writer = await open(url);
    const [record, other] = await create(writer, {}, {});
    if (record === undefined || other === undefined) throw new Error('not made');
    // This user may not subscribe, like a Redis 7 user without channels.
    await server.send('ACL', 'SETUSER', 'deaf', 'on', '>pw', '~*', '+@all', '-client|tracking');
    const reader = await open(url.replace('//', '//deaf:pw@'), { feedPingMs: 20 });
    const [found, untouched] = [
      await untilCached(reader, record.id),
      await untilCached(reader, other.id),
    ];
    await writer.commit(revocation(record));
    await until(() => !reader.isCurrent(found));
    expect((await reader.find(record.id)).record?.revokedAt).toBeDefined();
    expect(reader.isCurrent(untouched)).toBe(true);
  });

  test('a writer without permission to publish still writes', async () => {
    await server.send('ACL', 'SETUSER', 'mute', 'on', '>pw', '~*', '+@all', '-publish');
    const store = await open(url.replace('//', '//mute:pw@'));
    const [record] = await create(store, {});
    if (record === undefined) throw new Error('not made');
    expect(await store.commit(revocation(record))).toEqual({ outcome: 'done' });
  });

  test('forged messages do no harm', async () => {
    const [writer, reader] = [await open(url), await open(url, unhurried)];
    const [record] = await create(writer, {});
    if (record === undefined) throw new Error('not made');
    await untilCached(reader, record.id);
    for (const junk of ['', 'x', '1 2 3 4 5', `9 ${'0'.repeat(64)} x ${record.id}`, 'imported ']) {
      await server.send('PUBLISH', changesChannel, junk);
    }
    const found = await untilCached(reader, record.id);
    await writer.commit(revocation(record));
    await until(() => !reader.isCurrent(found));
  });

  test('a message is published before the change is acknowledged', async () => {
    const store = await open(url);
    const ear = new Redis({ port: server.port, host: '127.0.0.1', protocol: 2 });
    try {
      const messages: string[] = [];
      ear.on('message', (_, message: string) => messages.push(message));
      await ear.subscribe(changesChannel);
      const [record] = await create(store, {});
      if (record === undefined) throw new Error('not made');
      await store.commit(update(record, { name: 'x' }));
      // Redis sent it before it answered the commit, so the next answer here arrives after it.
      await ear.ping();
      const { hash, sequence } = await store.head();
      const [before] = await store.events({ order: 'newest', after: sequence, limit: 1 });
      expect(messages.at(-1)).toBe(`${sequence} ${before?.hash} ${hash} ${record.id}`);
    } finally {
      ear.disconnect();
    }
  });

  test('a Redis that hangs is not trusted, and followed again when it continues', async () => {
    const store = await open(url, { leaseMs: 200, feedPingMs: 20 });
    const [record] = await create(store, {});
    const found = await untilCached(store, record?.id ?? '');
    server.pause();
    await until(() => store.feed.isLive() === false);
    expect(store.isCurrent(found)).toBe(false);
    server.resume();
    await until(() => store.feed.isLive() === true);
    expect((await untilCached(store, record?.id ?? '')).record).toEqual(record);
  });

  test('records that changed while the feed was cut off are invalidated', async () => {
    const [writer, reader] = [await open(url), await open(url, unhurried)];
    const [record] = await create(writer, {});
    if (record === undefined) throw new Error('not made');
    const found = await untilCached(reader, record.id);
    await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => !reader.isCurrent(found));
    await writer.commit(revocation(record));
    await until(() => reader.feed.isLive() === true);
    expect((await untilCached(reader, record.id)).record?.revokedAt).toBeDefined();
  });

  test('an emptied store is noticed without a message', async () => {
    const store = await open(url, { feedPingMs: 20 });
    const [record] = await create(store, {});
    const found = await untilCached(store, record?.id ?? '');
    await server.send('FLUSHALL');
    await until(() => !store.isCurrent(found));
  });

  test('tracking is used as soon as it is allowed', async () => {
    const store = await open(url);
    await server.send('ACL', 'SETUSER', 'default', '+client|tracking');
    await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => store.feed.kind === 'tracking' && store.feed.isLive());
  });
});

test.each([
  ['has no CLIENT command', ['rename-command CLIENT ""'], '+@all'],
  ['hides its identity from this user', [], '+@all -info -role'],
  ['refuses the channel of tracking', [], '+@all resetchannels &usher:*'],
])('a Redis that %s is followed by messages', async (_, config, rules) => {
  const server = await startRedis({ config });
  try {
    await server.send('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '&*', ...rules.split(' '));
    const store = await open(`redis://limited:pw@127.0.0.1:${server.port}`);
    expect(store.feed.kind).toBe('messages');
    const [record] = await create(store, {});
    if (record === undefined) throw new Error('not made');
    const found = await untilCached(store, record.id);
    await store.commit(revocation(record));
    await until(() => !store.isCurrent(found));
  } finally {
    for (const store of stores.splice(0)) await store.close();
    await server.stop();
  }
});

test('in a cluster without tracking, a revocation on each master takes effect', async () => {
  const cluster = await startCluster([refusing]);
  try {
    const [writer, reader] = [await open(cluster.url), await open(cluster.url)];
    expect(reader.feed.kind).toBe('messages');
    const records = await create(writer, ...Array.from({ length: 12 }, () => ({})));
    const all = await Promise.all(records.map(record => untilCached(reader, record.id)));
    for (const record of records) await writer.commit(revocation(record));
    await until(() => !all.some(found => reader.isCurrent(found)));
    for (const { id } of records) {
      expect((await reader.find(id)).record?.revokedAt).toBeDefined();
    }
  } finally {
    for (const store of stores.splice(0)) await store.close();
    await cluster.stop();
  }
});
