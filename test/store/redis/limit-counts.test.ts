/** The counts of limits in Redis: sent twice they count once, they expire, and what is no count is ignored. */

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LimitDelta } from '../../../src/store/limit-counts.ts';
import type { Store } from '../../../src/store/store.ts';
import { patient } from '../../limits.ts';
import { openStores } from './open-store.ts';
import { type RedisServer, startRedis } from './server.ts';

let redis: RedisServer;
let store: Store;
const stores = openStores();
const key = 'usher:limit:{t1}:rate-60';

beforeAll(async () => {
  redis = await startRedis();
  ({ store } = await stores.openUp(`redis://127.0.0.1:${redis.port}`, patient));
});
beforeEach(() => redis.send('DEL', key));
afterAll(async () => {
  await stores.close();
  await redis?.stop();
});

const count = async (replica: string, fields: Partial<LimitDelta> = {}) => {
  const delta = {
    ...{ tokenId: 't1', counter: 'rate-60', sequence: 1, added: [], known: [] },
    ...{ oldest: 0, keepMs: 60_000, ...fields },
  };
  const [totals] = await store.countLimits(replica, [delta]);
  return totals;
};

test('counts that were sent once more after a lost answer are added once', async () => {
  const sent = { added: [[5, 3]] as const, sequence: 1_700_000_000_000 };
  for (let n = 0; n < 3; n++) expect((await count('a', sent))?.slots).toEqual([[5, 3]]);
  expect((await count('b', sent))?.slots).toEqual([[5, 6]]);
  const next = { ...sent, sequence: sent.sequence + 1 };
  expect((await count('a', next))?.slots).toEqual([[5, 9]]);
  // What a replica that ended an hour ago left behind goes.
  await count('b', { ...next, sequence: sent.sequence + 3_700_000 });
  expect(await redis.send('HEXISTS', key, '@a')).toBe(0);
});

test('they expire, and asking does not keep them', async () => {
  await count('a', { added: [[5, 3]], keepMs: 5000 });
  expect(await redis.send('PTTL', key)).toBeGreaterThan(4000);
  await redis.send('PEXPIRE', key, 1000);
  await count('a', { keepMs: 50_000, sequence: 2 });
  expect(await redis.send('PTTL', key)).toBeLessThanOrEqual(1000);
});

test('what is no count is ignored, removed and told', async () => {
  const wrong = { 5: '-3', 6: 'many', 7: '1e400', 8: '1.5', nothing: '4', '-1': '9', '@a': 'x' };
  await redis.send('HSET', key, ...Object.entries(wrong).flat());
  expect(await count('a', { added: [[5, 2]] })).toEqual({ slots: [[5, 2]], isBroken: true });
  expect(await count('a', { sequence: 2 })).toEqual({ slots: [[5, 2]], isBroken: false });
});

test('a key that is something else is left alone, and others are counted', async () => {
  await redis.send('SET', key, 'a text');
  expect(await count('a', { added: [[5, 2]] })).toEqual({ slots: [], isBroken: true });
  expect(await redis.send('GET', key)).toBe('a text');
});
