/** Which connections a stopping listener ends. */

import { expect, test } from 'vitest';
import { endStalled } from '../../src/timing/stalled.ts';
import { until } from '../until.ts';

interface Fake {
  isWaiting: boolean;
  /** What it is found to have moved, at each look; then the last one. */
  moved: number[];
  /** At which look it was destroyed. */
  destroyedAt: number | undefined;
  destroy(): void;
}

let looks = 0;

function fake(isWaiting: boolean, ...moved: number[]): Fake {
  return {
    ...{ isWaiting, moved, destroyedAt: undefined },
    destroy() {
      this.destroyedAt = looks;
    },
  };
}

test('one that waits for a peer that does nothing is ended, and no other', async () => {
  const silent = fake(true, 5);
  const busy = fake(false, 5);
  const moving = fake(true, ...Array.from({ length: 1000 }, (_, n) => n));
  const late = fake(true, 5);
  const stop = endStalled<Fake>(
    () => {
      looks++;
      // One that is seen later is not ended sooner.
      const comers = looks < 3 ? [silent] : [late];
      return [busy, moving, ...comers.filter(each => each.destroyedAt === undefined)];
    },
    {
      waitsForPeer: ({ isWaiting }) => isWaiting,
      moved: ({ moved }) => (moved.length > 1 ? moved.shift() : moved[0]) ?? 0,
    },
    1,
  );
  await until(() => looks > 10);
  stop();
  const all = [silent, late, busy, moving];
  expect(all.map(({ destroyedAt }) => destroyedAt)).toEqual([2, 4, undefined, undefined]);
  const seen = looks;
  for (let turn = 0; turn < 20; turn++) await new Promise<void>(resolve => setTimeout(resolve, 1));
  expect(looks).toBe(seen);
});
