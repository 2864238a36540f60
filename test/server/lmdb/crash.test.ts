/** A killed Usher on the embedded store loses nothing that it acknowledged. */

import { expect, test } from 'vitest';
import { changeAll, expectKept, startOn } from '../crash.ts';
import { lmdbPlace } from '../place.ts';

test('Usher on LMDB is killed twice', { timeout: 180_000 }, async () => {
  const usher = await startOn(await lmdbPlace());
  const restarts: Promise<void>[] = [];
  const { all, repeats } = await changeAll(usher, acknowledged => {
    if (acknowledged === 300 || acknowledged === 700) {
      restarts.push(usher.kill().then(() => usher.start()));
    }
  });
  await Promise.all(restarts);
  // Otherwise nothing was under way when it was killed.
  expect(repeats).toBeGreaterThan(0);
  await expectKept(usher, all);
});
