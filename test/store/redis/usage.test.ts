/** The counts of uses in Redis: few commands for many counts, and none after the store is closed. */

import { expect, test } from 'vitest';
import { asker } from '../../../src/store/redis/ask.ts';
import type { RedisClient } from '../../../src/store/redis/client.ts';
import { redisUsage } from '../../../src/store/redis/usage.ts';
import { defaultLimits } from '../../limits.ts';

const limits = defaultLimits.store.redis;
const deltas = Array.from({ length: 30_000 }, (_, n) => ({
  ...{ tokenId: `t${n}`, date: '2024-02-22', count: 1, lastUsedAt: 1 },
}));

/** A server that adds the counts of all tokens but one. */
function server(refused = '') {
  const sent: string[][] = [];
  const client = {
    on: () => undefined,
    async evalsha(_sha: string, keysCount: number, ...rest: string[]) {
      const keys = rest.slice(0, keysCount);
      sent.push(keys);
      return keys.map(key => (key.endsWith(`:${refused}`) ? 0 : 1));
    },
  };
  return { sent, asker: asker(client as unknown as RedisClient, () => undefined) };
}

test('the last counts of a busy server do not hold up its stop', async () => {
  const { sent, asker } = server();
  const usage = redisUsage(asker, limits, false, () => false);
  expect(await usage.addUsage(deltas)).toEqual([]);
  expect(sent.length).toBe(deltas.length / limits.usageBatch);
  expect(new Set(sent.flat()).size).toBe(deltas.length);
});

test('in a Cluster each script has the keys of one slot', async () => {
  const { sent, asker } = server();
  const usage = redisUsage(asker, limits, true, () => false);
  expect(await usage.addUsage(deltas.slice(0, 500))).toEqual([]);
  expect(sent.every(keys => keys.length === 1)).toBe(true);
});

test('of a batch only what was refused is left', async () => {
  for (const isCluster of [false, true]) {
    const usage = redisUsage(server('t7').asker, limits, isCluster, () => false);
    expect(await usage.addUsage(deltas.slice(0, 20))).toEqual([deltas[7]]);
  }
});

test('a store that is closed sends no further counts', async () => {
  const { sent, asker } = server();
  const usage = redisUsage(asker, limits, false, () => sent.length > 0);
  expect(await usage.addUsage(deltas)).toEqual(deltas.slice(limits.usageBatch));
});
