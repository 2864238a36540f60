/** Removing old entries of the log leaves the other replicas up, also when that is all that the log holds. */

import { expect, onTestFinished, test } from 'vitest';
import { fixedRetentionLimits } from '../../../src/tokens/limits.ts';
import { createRetention } from '../../../src/tokens/retention.ts';
import { until } from '../../until.ts';
import { create } from '../changes.ts';
import { openStores } from './open-store.ts';
import { startRedis } from './server.ts';

test('a quiet log that is removed as a whole', async () => {
  const server = await startRedis();
  const stores = openStores();
  onTestFinished(async () => {
    await stores.close();
    await server.stop();
  });
  const url = `redis://127.0.0.1:${server.port}`;
  const [a, b] = [await stores.openUp(url), await stores.openUp(url)];
  await create(a.store, {}, {}, {});
  await until(async () => (await b.store.storeStatus()).head?.sequence === 3);
  // The tests' changes were made years ago.
  const retention = createRetention({
    ...{ store: a.store, now: Date.now, limits: { ...fixedRetentionLimits, days: 1 } },
    onFailure: error => expect.unreachable(String(error)),
  });
  await retention.run();
  await retention.close();
  const log = await a.store.events({ order: 'oldest', limit: 9 });
  expect(log.map(({ sequence, action }) => [sequence, action])).toEqual([[4, 'audit.checkpoint']]);
  await until(async () => (await b.store.storeStatus()).head?.sequence === 4);
  expect([...a.warnings, ...b.warnings].filter(text => text.includes('log'))).toEqual([]);
  expect([a.store.health.up, b.store.health.up]).toEqual([true, true]);
});
