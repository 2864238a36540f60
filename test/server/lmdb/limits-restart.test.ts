/** Counts of limits in the embedded store: over restarts, and shared by workers. */

import { expect, test } from 'vitest';
import { expectCountsKept } from '../limits-restart.ts';
import { ending } from '../sdk-setup.ts';
import { askMany, withQuota } from '../token-limits.ts';
import { startUsherProcess } from '../usher-process.ts';

test('counts of a month are there after a stop and after a kill', async () => {
  await expectCountsKept(ending(await startUsherProcess(), each => each.remove()));
});

test('workers share the limits of access tokens', async () => {
  const env = { USHER_WORKERS: '2', USHER_LIMITS_SYNC_MS: '20' };
  const usher = ending(await startUsherProcess(env), each => each.remove());
  const { token } = await withQuota(usher, 200);
  const { passed, others } = await askMany([usher], token, 1000);
  expect(others).toEqual([429]);
  expect(passed).toBeGreaterThanOrEqual(200);
  // Each worker lets through what it does not know of the other yet.
  expect(passed).toBeLessThan(400);
  expect((await askMany([usher], token, 100)).passed).toBe(0);
});
