/** The Redis store passes the suite. */

import { expect, test } from 'vitest';
import { usageKey } from '../../../src/store/redis/keys.ts';
import { describeStore } from '../contract.ts';
import { openStores } from './open-store.ts';
import { startRedis } from './server.ts';

describeStore('redis', async () => {
  const server = await startRedis();
  return {
    clear: async () => void (await server.send('FLUSHALL')),
    url: `redis://127.0.0.1:${server.port}`,
    stop: () => server.stop(),
  };
});

test('a count that Redis refuses keeps no other count from being added', async () => {
  const server = await startRedis();
  const stores = openStores();
  try {
    const { store } = await stores.openUp(`redis://127.0.0.1:${server.port}`);
    await server.send('SET', usageKey('b'), 'what no hash is');
    const [a, b, c] = ['a', 'b', 'c'].map(tokenId => ({
      ...{ tokenId, date: '2024-02-22', count: 1, lastUsedAt: 1 },
    }));
    if (!a || !b || !c) throw new Error('not made');
    expect(await store.addUsage([a, b, c])).toEqual([b]);
    const once = { days: { '2024-02-22': 1 }, lastUsedAt: 1 };
    expect(await store.usage(['a', 'c'])).toEqual([once, once]);
  } finally {
    await stores.close();
    await server.stop();
  }
});
