/** The short run of `npm run chaos`: one fault of each kind, on every store. */

import { expect, test } from 'vitest';
import { storeNames } from './faults/all.ts';
import { isAsPromised, play } from './play.ts';

test('no verdict is wrong and no acknowledged write is lost', { timeout: 180_000 }, async () => {
  const seed = Date.now() % 1_000_000;
  const said: string[] = [];
  const all = await play({ seed, rounds: 1, isShort: true }, text => said.push(text));
  const bad = all.filter(({ rounds }) => !rounds.every(isAsPromised));
  const stories = bad.map(({ story }) => story.join('\n'));
  expect(bad, [`seed ${seed}`, ...said, ...stories].join('\n')).toEqual([]);
  expect(new Set(all.map(({ store }) => store))).toEqual(new Set(storeNames));
});
