/** Counts of limits over restarts, on Redis. */

import { test } from 'vitest';
import { expectCountsKept } from '../limits-restart.ts';
import { ending } from '../sdk-setup.ts';
import { startUsherProcess } from '../usher-process.ts';
import { redisPlace } from './place.ts';

test('on Redis, counts of a month are there after a stop and after a kill', async () => {
  const place = ending(await redisPlace(), each => each.end());
  const usher = ending(await startUsherProcess({ USHER_STORE: place.url }), each => each.remove());
  await expectCountsKept(usher);
});
