/** Counts of limits in the embedded store: over restarts, and shared by workers. */

import { expect, test } from 'vitest';
import { until } from '../../until.ts';
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
  let passed = 0;
  await until(async () => {
    const more = (await askMany([usher], token, 40)).passed;
    passed += more;
    return passed >= 200 && more === 0;
  });
  // At most what both would let through alone.
  expect(passed).toBeLessThanOrEqual(400);
  expect((await askMany([usher], token, 100)).passed).toBe(0);
});
