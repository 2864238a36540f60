/**
 * Flipped bits in the file of the embedded store: an answer may be unavailable, never wrong. A failure names
 * what to play again: `node test/store/lmdb/bend-seeds.ts 3 3 'leaf pages'`.
 */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { aims, makeWhole, type Whole } from './bend.ts';

let whole: Whole;

beforeAll(async () => {
  whole = await makeWhole(1);
});
afterAll(() => whole.remove());

test('a whole file gives every answer', async () => {
  expect(await whole.answers()).toEqual(whole.questions.map(({ right }) => right));
});

// Each seed is a process of its own, which a busy machine starts slowly.
test.each(aims)(
  'no answer is wrong after flips in %s',
  async aim => {
    for (const seed of [1, 2, 3]) {
      expect(await whole.wrongAnswers(seed, aim), `seed ${seed}`).toEqual([]);
    }
  },
  120_000,
);
