/** Counts of a month are there after Usher was stopped, or killed. */

import { expect } from 'vitest';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { askMany, hello, withQuota } from './token-limits.ts';
import type { UsherProcess } from './usher-process.ts';

/** Counts, restarts Usher in both ways, and expects the sum. */
export async function expectCountsKept(usher: UsherProcess): Promise<void> {
  const { token, id } = await withQuota(usher, 40);
  const used = async () => (await adminOf(usher).get({ id })).accessToken?.quotaUse?.used;
  expect((await askMany([usher], token, 20)).passed).toBe(20);
  // What was just counted is sent while Usher stops.
  expect(await usher.stop()).toBe(0);
  await usher.start();
  expect(await used()).toBe(20n);
  expect((await askMany([usher], token, 10)).passed).toBe(10);
  await until(async () => {
    const metrics = await (await fetch(`http://${usher.manager}/metrics`)).text();
    return /^usher_limits_waiting_seconds 0$/m.test(metrics);
  });
  await usher.kill();
  await usher.start();
  expect(await used()).toBe(30n);
  // The first answer of the store comes after the first verdict.
  expect(await hello(usher, token)).toBe(200);
  await until(async () => (await used()) === 31n);
  expect((await askMany([usher], token, 20)).passed).toBe(9);
}
