/** A killed Usher, and a killed Redis, lose nothing that was acknowledged. */

import { expect, test } from 'vitest';
import { changeAll, expectKept, startOn } from '../crash.ts';
import { redisPlace } from './place.ts';

test('Usher on Redis is killed, and then Redis', { timeout: 180_000 }, async () => {
  const place = await redisPlace({ persistent: true });
  const { redis } = place;
  const usher = await startOn(place);
  const restarts: Promise<void>[] = [];
  const { all, repeats } = await changeAll(usher, acknowledged => {
    if (acknowledged === 300) restarts.push(usher.kill().then(() => usher.start()));
    if (acknowledged === 700) restarts.push(redis.kill().then(() => redis.restart()));
  });
  await Promise.all(restarts);
  expect(repeats).toBeGreaterThan(0);
  await expectKept(usher, all);
});
